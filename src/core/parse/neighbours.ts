import { FactsBuilder, type Facts } from '../facts.js';
import { msg } from '../message.js';
import { KeyNumbers, lines, MAX_NAME, MAX_ROWS, note, noteUnknown, parseLevel, RowLimit, words } from './text.js';

const STATES: ReadonlySet<string> = new Set(['FAILED', 'INCOMPLETE', 'PERMANENT']);

/**
 * `ip -s neigh show`, reduced by awk to entries that do not answer and to static ones, at most a fixed number of each
 * state: `10.0.0.9 dev eth0 ref 1 used 1/61/1probes 4 FAILED` (iproute2 ip/ipneigh.c, print_neigh). Rows `neighbour`,
 * key `ADDRESS DEVICE`; labels family (ipv4, ipv6), address, dev, lladdr, state, `learned` (`extern` where a controller
 * or routing daemon made it); gauges used (seconds since a packet was last sent there), probes, and failing
 * (1 while the address is not resolved). The last line `droplens-neighbours V4 V6 LEFT_OUT` counts the whole table:
 * gauges neighbours.ipv4, neighbours.ipv6, neighbours.left_out.
 */
export function parseNeighbours(text: string): Facts {
  const facts = new FactsBuilder();
  const keys = new KeyNumbers();
  const limit = new RowLimit(facts, MAX_ROWS);
  let ended = false;
  for (const line of lines(text)) {
    const fields = words(line.text);
    const [address = '', devWord, dev = ''] = fields;
    if (address === 'droplens-neighbours') {
      ended = true;
      for (const [index, name] of ['ipv4', 'ipv6', 'left_out'].entries()) {
        const value = parseLevel(fields[index + 1] ?? '');
        if (value === undefined || value < 0) noteUnknown(facts, line.number);
        else facts.gauges.set(`neighbours.${name}`, value);
      }
      continue;
    }
    const state = fields.at(-1) ?? '';
    if (!/^[0-9a-f:.]{2,45}$/i.test(address) || devWord !== 'dev' || dev === '' || dev.length > MAX_NAME || !STATES.has(state)) {
      noteUnknown(facts, line.number);
      continue;
    }
    if (!limit.take()) break;
    const options = fields.slice(3, -1);
    const row = facts.row('neighbour', keys.next(`${address} ${dev}`));
    row.labels.set('family', address.includes(':') ? 'ipv6' : 'ipv4');
    row.labels.set('address', address);
    row.labels.set('dev', dev);
    row.labels.set('state', state);
    row.gauges.set('failing', state === 'PERMANENT' ? 0 : 1);
    const lladdr = options[options.indexOf('lladdr') + 1];
    if (options.includes('lladdr') && lladdr !== undefined && /^[0-9a-f:.]{2,60}$/i.test(lladdr)) row.labels.set('lladdr', lladdr);
    row.labels.set('learned', options.some((word) => word === 'extern_learn' || word === 'proto' || word === 'managed') ? 'extern' : 'own');
    // Old versions print no blank between the times and the next word.
    const times = /(?:^| )used (\d{1,12})\/\d{1,12}\/\d{1,12}(?: |probes|$)/.exec(options.join(' '));
    if (times?.[1] !== undefined) row.gauges.set('used', Number(times[1]));
    const probes = /probes (\d{1,6})(?: |$)/.exec(options.join(' '));
    if (probes?.[1] !== undefined) row.gauges.set('probes', Number(probes[1]));
  }
  if (!ended) note(facts, msg('The list of neighbours is cut off.'));
  return facts;
}
