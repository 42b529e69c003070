import { msg } from '../message.js';
import { lines, words } from '../parse/text.js';
import { brief, refused, TableBuilder, toNumber, unknown } from './support.js';
import type { Interpreter } from './types.js';

const UNITS: ReadonlyMap<string, number> = new Map([
  ['', 1],
  ['K', 1e3],
  ['M', 1e6],
  ['G', 1e9],
]);

/** A rate as iftop prints it (`7.57Mb`, `240b`, `0b`), in bit/s. */
function iftopRate(text: string | undefined): number | undefined {
  const [, number, unit = '', kind] = /^(\d{1,9}(?:\.\d{1,3})?)([KMG]?)([bB])$/.exec(text ?? '') ?? [];
  const factor = UNITS.get(unit);
  return number === undefined || factor === undefined ? undefined : Number(number) * factor * (kind === 'B' ? 8 : 1);
}

/**
 * `iftop`: text mode (`-t`). Pairs of lines: `N LOCAL => 2s 10s 40s total`, then `PEER <= 2s 10s 40s total`.
 */
export const interpretIftop: Interpreter = ({ output }) => {
  const table = new TableBuilder(msg('Connections by rate'), [msg('Here'), msg('Peer'), msg('Out, 10 s'), msg('In, 10 s')]);
  let out: { readonly local: string; readonly rate: string; readonly bits: number } | undefined;
  let top: { readonly local: string; readonly peer: string; readonly bits: number } | undefined;
  let heading = false;
  for (const line of lines(output)) {
    const fields = words(line.text);
    if (fields.includes('2s') || line.text.includes('last 10s')) heading = true;
    const arrow = fields.findIndex((field) => field === '=>' || field === '<=');
    if (arrow < 1) continue;
    const name = fields[arrow - 1] ?? '';
    const rate = fields[arrow + 2] ?? '';
    const bits = iftopRate(rate);
    if (bits === undefined) continue;
    if (fields[arrow] === '=>') out = { local: name, rate, bits };
    else if (out) {
      table.add(`${out.local} ${name}`, [out.local, name, out.rate, rate]);
      if (top === undefined || out.bits + bits > top.bits) top = { local: out.local, peer: name, bits: out.bits + bits };
      out = undefined;
    }
  }
  if (top) {
    return {
      verdict: 'ok',
      sentence: msg('Most traffic is between {0} and {1}: {2} kbit/s.', top.local, top.peer, brief(top.bits / 1000)),
      tables: [table.build()],
    };
  }
  if (refused(output)) return unknown(msg('Cannot tell, because iftop may not capture: it needs root.'));
  if (heading) return { verdict: 'ok', sentence: msg('iftop saw no traffic on this interface.'), tables: [] };
  return unknown(msg('Cannot tell, because iftop printed no list of connections.'));
};

/** `nethogs`: trace mode (`-t`). Blocks after `Refreshing:` of `PROGRAM/PID/UID<tab>SENT<tab>RECEIVED` in KiB/s; the last one counts. */
export const interpretNethogs: Interpreter = ({ output }) => {
  let rows: { readonly name: string; readonly sent: number; readonly received: number }[] = [];
  let heading = false;
  for (const line of lines(output)) {
    if (line.text.startsWith('Refreshing:')) {
      heading = true;
      rows = [];
      continue;
    }
    const fields = line.text.split('\t');
    const received = toNumber(fields.at(-1)?.trim());
    const sent = toNumber(fields.at(-2)?.trim());
    if (!heading || fields.length < 3 || sent === undefined || received === undefined) continue;
    rows.push({ name: fields.slice(0, -2).join(' '), sent, received });
  }
  if (refused(output) || /creating socket failed/i.test(output.slice(0, 20_000))) {
    return unknown(msg('Cannot tell, because nethogs may not capture: it needs root.'));
  }
  if (!heading) return unknown(msg('Cannot tell, because nethogs printed no list of processes.'));
  const table = new TableBuilder(msg('Processes by rate'), [msg('Process'), msg('Pid'), msg('Out, KiB/s'), msg('In, KiB/s')]);
  const moving = rows.filter((row) => row.sent + row.received > 0).toSorted((a, b) => b.sent + b.received - (a.sent + a.received));
  const parts = (name: string): readonly [program: string, pid: string] => {
    const [, program, pid] = /^(.{1,4000}?)\/(\d{1,10})\/\d{1,10}$/.exec(name) ?? [];
    return program === undefined || pid === undefined ? [name, '-'] : [program, pid === '0' ? '-' : pid];
  };
  for (const row of moving) {
    const [program, pid] = parts(row.name);
    table.add(row.name, [program, pid, brief(row.sent), brief(row.received)]);
  }
  const [top] = moving;
  if (!top) return { verdict: 'ok', sentence: msg('nethogs saw no traffic of a process.'), tables: [] };
  const [program, pid] = parts(top.name);
  return {
    verdict: 'ok',
    sentence: msg('{0} (pid {1}) moves most: {2} KiB/s out, {3} KiB/s in.', program.slice(-80), pid, brief(top.sent), brief(top.received)),
    tables: [table.build()],
  };
};
