import { msg } from '../message.js';
import { brief, fieldLines, TableBuilder, toNumber, unknown } from './support.js';
import type { Interpretation, Interpreter, Mark } from './types.js';

/** Share of the link's speed, in one direction, above which bursts inside a second are likely to meet the limit. */
const NEARLY_FULL = 0.9;

interface Rate {
  readonly name: string;
  /** Mbit/s. */
  readonly rx: number;
  readonly tx: number;
  readonly rxPackets: number;
  readonly txPackets: number;
  /** Share of the speed used by the busier direction; undefined where the speed is unknown. */
  readonly used: number | undefined;
}

function judge(rates: readonly Rate[]): Interpretation {
  const table = new TableBuilder(msg('Rates'), [
    msg('Interface'),
    msg('In, Mbit/s'),
    msg('Out, Mbit/s'),
    msg('In, packets/s'),
    msg('Out, packets/s'),
    msg('Used of the link, busier direction'),
  ]);
  let fullest: Rate | undefined;
  let busiest: Rate | undefined;
  for (const rate of rates) {
    const mark: Mark | null = rate.used !== undefined && rate.used >= NEARLY_FULL ? 'risk' : null;
    if (mark !== null && (fullest?.used ?? 0) < (rate.used ?? 0)) fullest = rate;
    if (rate.name !== 'lo' && (busiest === undefined || rate.rx + rate.tx > busiest.rx + busiest.tx)) busiest = rate;
    table.add(
      rate.name,
      [rate.name, brief(rate.rx), brief(rate.tx), brief(rate.rxPackets), brief(rate.txPackets), rate.used === undefined ? msg('speed unknown') : `${brief(rate.used * 100)} %`],
      mark,
    );
  }
  const tables = [table.build('worst-first')];
  if (fullest) {
    return {
      verdict: 'risk',
      sentence: msg('{0} uses {1} % of its speed in one direction: bursts find no room.', fullest.name, brief((fullest.used ?? 0) * 100)),
      tables,
    };
  }
  if (!busiest) return { verdict: 'ok', sentence: msg('There is no interface but the loopback.'), tables };
  return {
    verdict: 'ok',
    sentence: msg('No link is near its speed. The busiest is {0}: {1} Mbit/s in, {2} Mbit/s out.', busiest.name, brief(busiest.rx), brief(busiest.tx)),
    tables,
  };
}

/** `net-dev-rates`: lines `NAME RX_MBIT TX_MBIT RX_PACKETS TX_PACKETS SPEED|-`, rates per second. */
export const interpretNetDevRates: Interpreter = ({ output }) => {
  const rates: Rate[] = [];
  for (const [name = '', ...rest] of fieldLines(output)) {
    const [rx, tx, rxPackets, txPackets] = rest.map(toNumber);
    if (rx === undefined || tx === undefined || rxPackets === undefined || txPackets === undefined || rest.length !== 5) continue;
    const speed = toNumber(rest[4]);
    rates.push({ name, rx, tx, rxPackets, txPackets, used: speed === undefined || speed <= 0 ? undefined : Math.max(rx, tx) / speed });
  }
  return rates.length === 0 ? unknown(msg('Cannot tell, because /proc/net/dev could not be read twice.')) : judge(rates);
};

/** The rows of a `sar -n` report by interface: the averages where it ran to its end, else the last interval. */
function sarRows(output: string): ReadonlyMap<string, ReadonlyMap<string, number>> {
  const rows = new Map<string, Map<string, number>>();
  let columns: readonly string[] = [];
  let averages = false;
  for (const fields of fieldLines(output)) {
    const at = fields.indexOf('IFACE');
    if (at >= 0) {
      columns = fields.slice(at + 1);
      if (fields[0] === 'Average:' && !averages) {
        averages = true;
        rows.clear();
      }
      continue;
    }
    // The time before the name is one word or, with AM and PM, two.
    const values = fields.slice(-columns.length).map(toNumber);
    const name = fields[fields.length - columns.length - 1];
    if (columns.length === 0 || fields.length < columns.length + 2 || name === undefined || values.includes(undefined)) continue;
    const row = new Map<string, number>();
    for (const [index, column] of columns.entries()) row.set(column, values[index] ?? 0);
    rows.set(name, row);
  }
  return rows;
}

/** `sar-dev`: `sar -n DEV`, kB (1024 bytes) per second; `rxbyt/s` of sysstat before 8.1 is bytes. */
export const interpretSarDev: Interpreter = ({ output }) => {
  const rates: Rate[] = [];
  for (const [name, row] of sarRows(output)) {
    const mbit = (kB: string, bytes: string): number => ((row.get(kB) ?? (row.get(bytes) ?? 0) / 1024) * 1024 * 8) / 1e6;
    const used = row.get('%ifutil');
    rates.push({
      name,
      rx: mbit('rxkB/s', 'rxbyt/s'),
      tx: mbit('txkB/s', 'txbyt/s'),
      rxPackets: row.get('rxpck/s') ?? 0,
      txPackets: row.get('txpck/s') ?? 0,
      // sar says 0 both for an idle link and for one of unknown speed.
      used: used === undefined || used === 0 ? undefined : used / 100,
    });
  }
  return rates.length === 0 ? unknown(msg('Cannot tell, because sar printed no interface.')) : judge(rates);
};

/** What each column of `sar -n EDEV` says when it is not 0. rxdrop/s is the drop column of /proc/net/dev: dropped + missed. */
const ERROR_COLUMNS: ReadonlyMap<string, Mark> = new Map<string, Mark>([
  ['rxerr/s', 'loss'],
  ['txerr/s', 'loss'],
  ['coll/s', 'risk'],
  ['rxdrop/s', 'risk'],
  ['txdrop/s', 'loss'],
  ['txcarr/s', 'loss'],
  ['rxfram/s', 'loss'],
  ['rxfifo/s', 'loss'],
  ['txfifo/s', 'loss'],
]);

/** `sar-edev`: `sar -n EDEV`, errors and drops per second. */
export const interpretSarEdev: Interpreter = ({ output }) => {
  const rows = sarRows(output);
  if (rows.size === 0) return unknown(msg('Cannot tell, because sar printed no interface.'));
  const table = new TableBuilder(msg('Errors and drops per second'), [msg('Interface'), msg('Column'), msg('Per second')]);
  let gravest: { readonly name: string; readonly column: string; readonly rate: number; readonly mark: Mark } | undefined;
  for (const [name, row] of rows) {
    for (const [column, mark] of ERROR_COLUMNS) {
      const rate = row.get(column) ?? 0;
      if (rate <= 0) continue;
      table.add(`${name} ${column}`, [name, column, brief(rate)], mark);
      if (gravest === undefined || (gravest.mark !== 'loss' && mark === 'loss')) gravest = { name, column, rate, mark };
    }
  }
  if (!gravest) return { verdict: 'ok', sentence: msg('No interface counted errors or drops while sar watched.'), tables: [] };
  const tables = [table.build('worst-first')];
  if (gravest.mark === 'risk') {
    return {
      verdict: 'risk',
      sentence: msg('{0}: {1} {2}. This column mixes full rings with harmless unknown protocols: see “Interface drops”.', gravest.name, brief(gravest.rate), gravest.column),
      tables,
    };
  }
  return { verdict: 'loss', sentence: msg('{0} loses packets now: {1} {2}.', gravest.name, brief(gravest.rate), gravest.column), tables };
};

function ranking(output: string, nameFields: number): readonly { readonly rates: readonly string[]; readonly words: readonly string[] }[] {
  const rows: { readonly rates: readonly string[]; readonly words: readonly string[] }[] = [];
  for (const fields of fieldLines(output)) {
    if (fields.length < 3 + nameFields || fields.slice(0, 3).some((field) => toNumber(field) === undefined)) continue;
    rows.push({ rates: fields.slice(0, 3), words: fields.slice(3) });
  }
  return rows;
}

/** `connection-rates`: lines `TOTAL RX TX LOCAL PEER PROCESS`, kbit/s, the busiest first, below a header. */
export const interpretConnectionRates: Interpreter = ({ output }) => {
  if (!output.includes('total_kbit/s')) return unknown(msg('Cannot tell, because the list of connections could not be read.'));
  const table = new TableBuilder(msg('TCP connections by rate'), [msg('Local'), msg('Peer'), msg('Process'), msg('In, kbit/s'), msg('Out, kbit/s')]);
  const rows = ranking(output, 2);
  for (const { rates, words } of rows) {
    const [local = '', peer = '', ...process] = words;
    table.add(`${local} ${peer}`, [local, peer, process.join(' '), rates[1] ?? '', rates[2] ?? '']);
  }
  const [top] = rows;
  if (!top) return { verdict: 'ok', sentence: msg('No TCP connection of this host moved data while watching.'), tables: [] };
  return {
    verdict: 'ok',
    sentence: msg('Most data moves between {0} and {1}: {2} kbit/s ({3}).', top.words[0] ?? '', top.words[1] ?? '', top.rates[0] ?? '', top.words.slice(2).join(' ')),
    tables: [table.build()],
  };
};

/** `process-rates`: lines `TOTAL RX TX PID PROCESS`, kbit/s, the busiest first, below a header. */
export const interpretProcessRates: Interpreter = ({ output }) => {
  if (!output.includes('total_kbit/s')) return unknown(msg('Cannot tell, because the list of connections could not be read.'));
  const table = new TableBuilder(msg('Processes by TCP rate'), [msg('Process'), msg('Pid'), msg('In, kbit/s'), msg('Out, kbit/s')]);
  const rows = ranking(output, 1);
  for (const { rates, words } of rows) {
    const [pid = '', ...process] = words;
    table.add(pid, [process.join(' '), pid, rates[1] ?? '', rates[2] ?? '']);
  }
  const [top] = rows;
  if (!top) return { verdict: 'ok', sentence: msg('No process moved data over TCP while watching.'), tables: [] };
  const tables = [table.build()];
  if (top.words[0] === '-') {
    return { verdict: 'ok', sentence: msg('Most data, {0} kbit/s, belongs to processes of other users; only root can see their names.', top.rates[0] ?? ''), tables };
  }
  return {
    verdict: 'ok',
    sentence: msg('{0} (pid {1}) moves most: {2} kbit/s.', top.words.slice(1).join(' '), top.words[0] ?? '', top.rates[0] ?? ''),
    tables,
  };
};
