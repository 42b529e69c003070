import { changeOf, parseCount } from '../count.js';
import { msg, type Message } from '../message.js';
import { COUNTER_WORDS } from './counter-words.js';
import { fieldLines, percent, TableBuilder, unknown } from './support.js';
import type { Interpretation, Interpreter, Mark } from './types.js';

/** How one counter changed between two readings; `delta` is undefined when it was set back in between. */
interface Change {
  readonly name: string;
  readonly before: string;
  readonly after: string;
  readonly delta: number | undefined;
}

const MOST_COUNTERS = 5_000;

/** `GROUP.COUNTER`, as signal ids are spelt. */
const NAME = /^[A-Za-z]\w{0,49}\.\w{1,60}$/;

/** Reads lines `NAME BEFORE AFTER`; other lines are passed over. */
function readChanges(output: string): ReadonlyMap<string, Change> {
  const changes = new Map<string, Change>();
  for (const [name = '', beforeText = '', afterText = '', ...rest] of fieldLines(output)) {
    const before = parseCount(beforeText);
    const after = parseCount(afterText);
    if (rest.length > 0 || before === undefined || after === undefined || !NAME.test(name)) continue;
    if (changes.size >= MOST_COUNTERS) break;
    const change = changeOf(before, after);
    changes.set(name, { name, before: beforeText, after: afterText, delta: change.kind === 'reset' ? undefined : change.delta });
  }
  return changes;
}

/** What a change means, the ambiguous counters judged by what their siblings leave over. */
function meaningOf(change: Change, all: ReadonlyMap<string, Change>): { readonly mark: Mark | null; readonly text: Message } {
  const { name, delta } = change;
  if (delta === undefined) return { mark: 'unknown', text: msg('was set back between the readings') };
  if (delta === 0) return { mark: null, text: msg('did not move') };
  const known = COUNTER_WORDS.get(name);
  if (known === undefined) return { mark: null, text: msg('no sign of loss by itself') };
  const of = (sibling: string): number => all.get(sibling)?.delta ?? 0;
  if (name === 'TcpExt.ListenDrops' && all.has('TcpExt.ListenOverflows')) {
    // Every overflow counts a ListenDrop too (tcp_v4_syn_recv_sock, tcp_conn_request).
    const rest = delta - of('TcpExt.ListenOverflows') - of('TcpExt.TCPReqQFullDrop');
    if (rest <= 0) return { mark: 'harmless', text: msg('the same events as ListenOverflows and TCPReqQFullDrop') };
    return {
      mark: 'loss',
      text: msg('{0} packets to listening sockets were dropped for another reason than a full queue: no route back, checksum, memory (ListenDrops).', rest),
    };
  }
  if (name === 'Udp.InErrors' && delta <= of('Udp.RcvbufErrors') + of('Udp.InCsumErrors') + of('Udp.MemErrors')) {
    return { mark: 'harmless', text: msg('the same events as RcvbufErrors, InCsumErrors and MemErrors') };
  }
  return { mark: known.mark, text: known.say(delta) };
}

/** The table of changes, and the sentence of the gravest and most telling of them. */
function judge(changes: ReadonlyMap<string, Change>): Interpretation {
  const table = new TableBuilder(msg('While watching'), [msg('Counter'), msg('Increase'), msg('Before'), msg('After'), msg('Meaning')]);
  const found = new Map<string, { readonly mark: Mark | null; readonly text: Message }>();
  for (const change of changes.values()) {
    const meaning = meaningOf(change, changes);
    found.set(change.name, meaning);
    const increase = change.delta === undefined ? '?' : String(change.delta);
    table.add(change.name, [change.name, increase, change.before, change.after, meaning.text], meaning.mark);
  }
  const verdict = table.worst;
  const tables = [table.build('worst-first')];
  if (verdict === 'unknown') return unknown(msg('Cannot tell, because counters were set back between the two readings. Run it again.'), tables);
  if (verdict === 'ok') return { verdict, sentence: msg('None of these loss counters moved while watching.'), tables };
  // The catalogue's order: the most telling counter speaks.
  for (const name of COUNTER_WORDS.keys()) {
    const meaning = found.get(name);
    if (meaning?.mark === verdict) return { verdict, sentence: meaning.text, tables };
  }
  return { verdict, sentence: msg('None of these loss counters moved while watching.'), tables };
}

/** `counter-deltas`: lines `NAME BEFORE AFTER`, perhaps after `droplens-watched SECONDS` when only what moved is listed. */
export const interpretCounterDeltas: Interpreter = ({ output }) => {
  const changes = readChanges(output);
  if (changes.size > 0) return judge(changes);
  if (/^droplens-watched \d/m.test(output.slice(0, 10_000))) {
    return { verdict: 'ok', sentence: msg('No protocol counter moved while watching.'), tables: [] };
  }
  return unknown(msg('Cannot tell, because the counters could not be read.'));
};

/** `netstat-counters`: lines `NAME VALUE`, totals since boot. They never raise an alarm. */
export const interpretNetstatCounters: Interpreter = ({ output }) => {
  const table = new TableBuilder(msg('Since boot'), [msg('Counter'), msg('Total'), msg('If it rises')]);
  let any = false;
  for (const [name = '', valueText = '', ...rest] of fieldLines(output)) {
    const value = parseCount(valueText);
    if (rest.length > 0 || value === undefined || !NAME.test(name)) continue;
    any = true;
    const known = COUNTER_WORDS.get(name);
    if (value === 0 || known === undefined || known.mark === 'harmless') continue;
    table.add(name, [name, valueText, known.mark === 'loss' ? msg('loss') : msg('perhaps loss')]);
  }
  if (!any) return unknown(msg('Cannot tell, because the counters could not be read.'));
  if (table.size === 0) return { verdict: 'ok', sentence: msg('No loss counter has moved since boot.'), tables: [] };
  return {
    verdict: 'ok',
    sentence: msg('{0} loss counters have moved since boot. That is history and proves nothing about now: watch what moves.', table.size),
    tables: [table.build()],
  };
};

/** Fewer segments than this in the window and a share means nothing. */
const ENOUGH_SEGMENTS = 100;

/** `retransmit-share`: lines `NAME BEFORE AFTER` with Tcp.OutSegs, Tcp.RetransSegs and what tells real loss from spurious. */
export const interpretRetransmitShare: Interpreter = ({ output }) => {
  const changes = readChanges(output);
  const sent = changes.get('Tcp.OutSegs')?.delta;
  const again = changes.get('Tcp.RetransSegs')?.delta;
  if (sent === undefined || again === undefined) {
    return unknown(msg('Cannot tell, because Tcp.OutSegs and Tcp.RetransSegs could not be read.'));
  }
  const tables = judge(changes).tables;
  if (again === 0) return { verdict: 'ok', sentence: msg('No segment was retransmitted; {0} were sent while watching.', sent), tables };
  // OutSegs does not hold the retransmitted ones (__tcp_transmit_skb in net/ipv4/tcp_output.c counts only what is beyond snd_nxt).
  const all = sent + again;
  const needless = Math.max(changes.get('TcpExt.TCPDSACKRecv')?.delta ?? 0, changes.get('TcpExt.TCPSpuriousRTOs')?.delta ?? 0);
  const share = percent(again, all);
  if (needless * 2 >= again) {
    return {
      verdict: 'harmless',
      sentence: msg('{0} of {1} segments ({2}) were retransmitted, {3} of them needlessly: reordering or a jump in delay, not loss.', again, all, share, Math.min(needless, again)),
      tables,
    };
  }
  if (all < ENOUGH_SEGMENTS) {
    return {
      verdict: 'risk',
      sentence: msg('{0} of only {1} segments were retransmitted while watching: too little traffic for a share.', again, all),
      tables,
    };
  }
  if (again / all >= 0.01) {
    return { verdict: 'loss', sentence: msg('{0} of {1} segments ({2}) were retransmitted while watching: more than 1 %.', again, all, share), tables };
  }
  return {
    verdict: again / all >= 0.001 ? 'risk' : 'ok',
    sentence: msg('{0} of {1} segments ({2}) were retransmitted while watching.', again, all, share),
    tables,
  };
};
