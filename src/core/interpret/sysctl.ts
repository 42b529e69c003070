import { msg, type Message } from '../message.js';
import { lines } from '../parse/text.js';
import { refused, TableBuilder, toNumber, unknown } from './support.js';
import type { Interpreter, Mark } from './types.js';

interface Judgement {
  readonly mark: Mark | null;
  readonly text: Message;
}

const fine = (text: Message): Judgement => ({ mark: 'ok', text });
const risky = (text: Message): Judgement => ({ mark: 'risk', text });

/** What a value of a setting means; Documentation/networking/ip-sysctl.rst and Documentation/admin-guide/sysctl/net.rst. */
const SETTINGS: ReadonlyMap<string, (value: string) => Judgement> = new Map<string, (value: string) => Judgement>([
  [
    'net.ipv4.tcp_syncookies',
    (value) =>
      value === '0'
        ? risky(msg('SYN cookies are off: a full SYN queue drops SYNs (tcp_syncookies = 0).'))
        : value === '2'
          ? risky(msg('SYN cookies are always used, which is meant for tests (tcp_syncookies = 2).'))
          : fine(msg('SYN cookies are on: a full SYN queue drops nothing (tcp_syncookies = 1).')),
  ],
  ['net.ipv4.tcp_max_syn_backlog', (value) => fine(msg('tcp_max_syn_backlog = {0}; it matters only with SYN cookies off.', value))],
  [
    'net.ipv4.tcp_abort_on_overflow',
    (value) =>
      value === '0'
        ? fine(msg('tcp_abort_on_overflow = 0: the last ACK at a full accept queue is ignored; the connection may still come about.'))
        : risky(msg('tcp_abort_on_overflow = {0}: the last ACK at a full accept queue is answered with RST. SYNs are dropped silently all the same.', value)),
  ],
  [
    'net.core.somaxconn',
    (value) =>
      (toNumber(value) ?? Infinity) <= 128
        ? risky(msg('somaxconn = {0} cuts every accept queue to that, the default before Linux 5.4.', value))
        : fine(msg('somaxconn = {0}: no accept queue can be longer, whatever the program asks for.', value)),
  ],
  [
    'net.ipv4.tcp_mtu_probing',
    (value) =>
      value === '0'
        ? fine(msg('tcp_mtu_probing = 0: TCP relies on ICMP to learn the path MTU.'))
        : fine(msg('tcp_mtu_probing = {0}: TCP finds the path MTU even where ICMP is filtered.', value)),
  ],
  ['net.ipv4.tcp_rmem', (value) => fine(msg('Receive buffer of a TCP socket: minimum, default, maximum {0} bytes.', value))],
  ['net.ipv4.tcp_wmem', (value) => fine(msg('Send buffer of a TCP socket: minimum, default, maximum {0} bytes.', value))],
  ['net.ipv4.tcp_mem', (value) => fine(msg('All TCP sockets together, in pages: low, pressure, limit {0}.', value))],
  ['net.ipv4.udp_mem', (value) => fine(msg('All UDP sockets together, in pages: low, pressure, limit {0}.', value))],
  ['net.core.rmem_max', (value) => fine(msg('SO_RCVBUF may ask for at most {0} bytes.', value))],
  ['net.core.wmem_max', (value) => fine(msg('SO_SNDBUF may ask for at most {0} bytes.', value))],
  [
    'net.ipv4.tcp_moderate_rcvbuf',
    (value) =>
      value === '0'
        ? risky(msg('tcp_moderate_rcvbuf = 0: the kernel does not grow receive buffers by itself.'))
        : fine(msg('The kernel grows receive buffers by itself.')),
  ],
  [
    'net.ipv4.icmp_echo_ignore_all',
    (value) => (value === '0' ? fine(msg('This host answers ping.')) : risky(msg('This host does not answer ping (icmp_echo_ignore_all = {0}); no counter shows it.', value))),
  ],
  [
    'net.ipv4.conf.all.rp_filter',
    (value) => (value === '1' ? risky(msg('Strict rp_filter: packets whose answer leaves by another interface are dropped.')) : fine(msg('rp_filter = {0}.', value))),
  ],
]);

/** `sysctl`: lines `KEY = VALUE`, `KEY before = VALUE` of a command that changes it, and `KEY unreadable`. */
export const interpretSysctl: Interpreter = ({ output }) => {
  const table = new TableBuilder(msg('Settings'), [msg('Setting'), msg('Value'), msg('Meaning')]);
  let first: Message | undefined;
  let gravest: Message | undefined;
  let before: { readonly key: string; readonly value: string } | undefined;
  let changed: { readonly key: string; readonly value: string } | undefined;
  for (const line of lines(output)) {
    const text = line.text.slice(0, 1_000);
    const [, key, was, raw] = /^([a-z][\w.\-/]{0,150}) (before )?= ?(.*)$/.exec(text) ?? [];
    if (key === undefined || raw === undefined) {
      const missing = /^([a-z][\w.\-/]{0,150}) unreadable$/.exec(text)?.[1];
      if (missing !== undefined) table.add(missing, [missing, msg('not readable here'), ''], null);
      continue;
    }
    const value = raw.trim().replace(/\s+/g, ' ');
    if (was !== undefined) {
      before = { key, value };
      table.add(`${key} before`, [msg('{0}, before', key), value, ''], null);
      continue;
    }
    changed = { key, value };
    const judgement = SETTINGS.get(key)?.(value);
    table.add(key, [key, value, judgement?.text ?? ''], judgement?.mark ?? null);
    first ??= judgement?.text;
    if (judgement?.mark === 'risk') gravest ??= judgement.text;
  }
  const tables = table.size === 0 ? [] : [table.build()];
  const unchanged = /^([a-z][\w.]{0,150}) is .{0,40}already; nothing was changed$/m.exec(output.slice(0, 2_000))?.[1];
  if (unchanged !== undefined) return { verdict: 'ok', sentence: msg('Nothing was changed: {0} was set already.', unchanged), tables };
  if (before !== undefined) {
    if (changed?.key !== before.key) {
      return unknown(
        refused(output)
          ? msg('Cannot tell, because the host refused to change {0}: it needs root, and some settings exist only in the first network namespace.', before.key)
          : msg('Cannot tell, because {0} was not changed; the output says why.', before.key),
        tables,
      );
    }
    return {
      verdict: 'ok',
      sentence: msg('{0} was {1} and is {2}. To undo: sysctl -w {3}', before.key, before.value, changed.value, `${before.key}="${before.value}"`),
      tables,
    };
  }
  if (first === undefined && changed === undefined) {
    return unknown(refused(output) ? msg('Cannot tell, because the host refused: it needs root.') : msg('Cannot tell, because no setting could be read.'), tables);
  }
  if (gravest !== undefined) return { verdict: 'risk', sentence: gravest, tables };
  return { verdict: 'ok', sentence: first ?? msg('The settings were read; none of them is known to lose packets.'), tables };
};
