import { msg } from '../message.js';
import { lines, words } from '../parse/text.js';
import { fieldLines, TableBuilder, toNumber, unknown } from './support.js';
import type { Interpreter } from './types.js';

/** Waits of this share in writing or connecting are worth a look; reading is what an idle server does. */
const NOTABLE = 20;

/**
 * `go-trace`: `go tool pprof -top` of a network profile: `FLAT FLAT% SUM% CUM CUM% FUNCTION`, times waited. Lines
 * `droplens: …` say what went wrong before.
 */
export const interpretGoTrace: Interpreter = ({ output, exit }) => {
  const table = new TableBuilder(msg('Where goroutines waited for the network'), [
    msg('Function'),
    msg('Waited itself'),
    msg('Share'),
    msg('With what it called'),
    msg('Share'),
  ]);
  let total: string | undefined;
  let slow = 0;
  let first: string | undefined;
  for (const line of lines(output)) {
    const shown = /^Showing nodes accounting for \S{1,40} \S{1,40} of (\S{1,40}) total/.exec(line.text.slice(0, 200));
    if (shown) total = shown[1];
    const [flat = '', flatShare = '', sum = '', cum = '', cumShare = '', ...name] = words(line.text);
    const share = flatShare.endsWith('%') ? toNumber(flatShare.slice(0, -1)) : flatShare === '0' ? 0 : undefined;
    if (total === undefined || share === undefined || !sum.endsWith('%') || name.length === 0) continue;
    const called = name.join(' ');
    table.add(called, [called, flat, flatShare, cum, cumShare], null);
    if (share > 0) first ??= called;
    if (/\.(?:Write|WriteTo|WriteMsg|Writev|connect|Connect|dial|WaitWrite)\w*$/.test(called.slice(-200))) slow += share;
  }
  if (total === undefined) {
    if (output.includes('droplens: the trace could not be fetched')) {
      return unknown(msg('Cannot tell, because no trace came from that address. Does the program serve net/http/pprof there, and can this host reach it?'));
    }
    if (output.includes('droplens: neither curl nor wget')) return unknown(msg('Cannot tell, because neither curl nor wget is installed on the host.'));
    if (exit === null) return unknown(msg('Cannot tell, because the command was ended before it was done.'));
    return unknown(msg('Cannot tell, because go tool trace could not read the trace: its version of Go may be older than that of the program.'));
  }
  const tables = [table.build()];
  if (first === undefined) return { verdict: 'ok', sentence: msg('No goroutine waited for the network in five seconds.'), tables };
  if (slow >= NOTABLE) {
    return {
      verdict: 'risk',
      sentence: msg('Goroutines waited {0} in all, {1} % of it in writing or connecting: a peer does not take data, or does not answer.', total, Math.round(slow)),
      tables,
    };
  }
  return { verdict: 'ok', sentence: msg('Goroutines waited {0} in all, most in {1}. Waiting to read is what an idle connection does.', total, first.slice(0, 120)), tables };
};

/** `go-tools`: lines `TOOL PATH` or `TOOL missing`. */
export const interpretGoTools: Interpreter = ({ output }) => {
  const found = new Map<string, string>();
  const table = new TableBuilder(msg('Tools on this host'), [msg('Tool'), msg('Where')]);
  for (const [tool = '', where = ''] of fieldLines(output)) {
    if (!['go', 'curl', 'wget'].includes(tool) || where === '') continue;
    found.set(tool, where);
    table.add(tool, [tool, where === 'missing' ? msg('missing') : where]);
  }
  const has = (tool: string): boolean => (found.get(tool) ?? 'missing') !== 'missing';
  if (found.size === 0) return unknown(msg('Cannot tell, because the host did not say which tools it has.'));
  const tables = [table.build()];
  if (!has('go')) {
    return { verdict: 'ok', sentence: msg('Go is not installed on this host: fetch the trace here and read it on a machine that has Go.'), tables };
  }
  if (!has('curl') && !has('wget')) return { verdict: 'ok', sentence: msg('Go is installed, but neither curl nor wget is: the trace cannot be fetched from here.'), tables };
  return { verdict: 'ok', sentence: msg('Everything that is needed to record and read a trace is installed here.'), tables };
};
