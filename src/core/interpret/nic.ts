import { changeOf } from '../count.js';
import { msg, type Message } from '../message.js';
import { parserFor } from '../parse/index.js';
import { readings, TableBuilder, unknown } from './support.js';
import type { Interpreter, Mark } from './types.js';

/** `ethtool-ring`: `ethtool -g`, each below `droplens-interface NAME` or with its own heading `Ring parameters for NAME:`. */
export const interpretEthtoolRing: Interpreter = ({ output }) => {
  const text = output.includes('droplens-interface ')
    ? output
    : output.replace(/^Ring parameters for (.{1,64}):\s*$/gm, 'droplens-interface $1\nRing parameters for $1:');
  const table = new TableBuilder(msg('Rings'), [msg('Interface'), msg('Receive, now'), msg('Receive, at most'), msg('Transmit, now'), msg('Transmit, at most')]);
  let room: { readonly name: string; readonly now: number; readonly most: number } | undefined;
  let known = 0;
  for (const row of parserFor('ethtool')?.(text).rows ?? []) {
    const value = (name: string): string => String(row.gauges.get(name) ?? '–');
    const now = row.gauges.get('ring_rx');
    const most = row.gauges.get('ring_rx_max');
    if (now !== undefined && most !== undefined) {
      known += 1;
      if (now < most && (room === undefined || most / now > room.most / room.now)) room = { name: row.key, now, most };
    }
    table.add(row.key, [row.key, value('ring_rx'), value('ring_rx_max'), value('ring_tx'), value('ring_tx_max')], null);
  }
  const tables = table.size === 0 ? [] : [table.build()];
  if (known === 0) {
    return table.size === 0 && output.trim() !== ''
      ? unknown(msg('Cannot tell, because ethtool printed no ring sizes.'))
      : unknown(msg('Cannot tell, because no interface of this host has a driver that tells its ring sizes.'), tables);
  }
  if (room) return { verdict: 'ok', sentence: msg('{0}: the receive ring has {1} of at most {2} entries. It can grow if frames are missed.', room.name, room.now, room.most), tables };
  return { verdict: 'ok', sentence: msg('Every receive ring is as large as its driver allows.'), tables };
};

interface Kind {
  readonly pattern: RegExp;
  readonly mark: Mark;
  readonly text: Message;
}

/** Families of driver counters by their names, the first that fits counts. Names differ from driver to driver. */
const KINDS: readonly Kind[] = [
  { pattern: /allowance_exceeded/, mark: 'loss', text: msg('a limit of the cloud provider was exceeded; a larger ring does not help') },
  { pattern: /xdp/, mark: 'harmless', text: msg('an XDP program decides this') },
  { pattern: /miss|no_?buf|out_of_buf|fifo|no_dma|rx_over|oom|buffer_full|ring_full/, mark: 'loss', text: msg('the ring or buffer of the NIC was full') },
  { pattern: /alloc|csum_err_nobuf/, mark: 'loss', text: msg('no memory for a frame') },
  { pattern: /crc|fcs|symbol|align|jabber|undersize|oversize|length/, mark: 'loss', text: msg('damaged frames or wrong length: cable, optics, port or MTU') },
  { pattern: /timeout|tx_hang|reset/, mark: 'loss', text: msg('the device hung and was reset') },
  { pattern: /drop|discard/, mark: 'loss', text: msg('the driver or the NIC dropped packets') },
  { pattern: /err/, mark: 'risk', text: msg('an error that only this driver knows') },
];

/** `ethtool-stats`: `ethtool -S` by interface, in two readings, perhaps reduced to the names that can mean loss. */
export const interpretEthtoolStats: Interpreter = ({ output }) => {
  const [firstText, secondText] = readings(output);
  const parse = parserFor('ethtool');
  const first = new Map((parse?.(firstText).rows ?? []).map((row) => [row.key, row]));
  if (first.size === 0) {
    return unknown(output.replace('droplens-again', '').trim() === '' ? msg('Cannot tell, because no interface of this host has a driver that could be asked.') : msg('Cannot tell, because ethtool printed no statistics.'));
  }
  if (secondText === undefined) return unknown(msg('Cannot tell, because the driver counters were read only once; totals prove nothing.'));
  const table = new TableBuilder(msg('Driver counters that moved'), [msg('Interface'), msg('Counter'), msg('Increase'), msg('Meaning')]);
  let counters = 0;
  let gravest: { readonly name: string; readonly counter: string; readonly delta: number; readonly kind: Kind; readonly rank: number } | undefined;
  for (const row of parse?.(secondText).rows ?? []) {
    counters += row.counters.size;
    for (const [counter, after] of row.counters) {
      const before = first.get(row.key)?.counters.get(counter);
      const rank = KINDS.findIndex(({ pattern }) => pattern.test(counter.toLowerCase()));
      const kind = KINDS[rank];
      if (before === undefined || kind === undefined) continue;
      const change = changeOf(before, after);
      if (change.kind === 'reset' || change.delta === 0) continue;
      table.add(`${row.key} ${counter}`, [row.key, counter, String(change.delta), kind.text], kind.mark);
      const order = kind.mark === 'loss' ? rank : rank + KINDS.length;
      if (gravest === undefined || order < gravest.rank) gravest = { name: row.key, counter, delta: change.delta, kind, rank: order };
    }
  }
  if (!gravest) {
    return counters === 0
      ? unknown(msg('Cannot tell, because the drivers of this host have no counters of loss.'))
      : { verdict: 'ok', sentence: msg('None of {0} driver counters that can mean loss moved while watching.', counters), tables: [] };
  }
  const tables = [table.build('worst-first')];
  const { name, counter, delta, kind } = gravest;
  if (kind.mark === 'loss') return { verdict: 'loss', sentence: msg('{0} loses packets now: {1} rose by {2}; the table says what it means.', name, counter, delta), tables };
  return { verdict: kind.mark, sentence: msg('{0}: {1} rose by {2}.', name, counter, delta), tables };
};
