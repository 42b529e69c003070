import { createHash, randomBytes } from 'node:crypto';
import { quote } from '../collect/quote.js';
import { runScript } from '../collect/run.js';
import { firstLine } from '../collect/sanitize.js';
import { TransportError } from '../collect/transport.js';
import { english, msg, type Message } from '../core/message.js';
import type { RootAt } from './settings.js';

/** `text: null`: there is no such file. */
export type HostText = { readonly kind: 'text'; readonly text: string | null } | { readonly kind: 'refused'; readonly why: Message };

/** The largest configuration file that is read or written, in bytes. */
const LARGEST = 64 * 1024;

const SECONDS = 10;

/**
 * A text file of the host, exactly: what cannot be shown byte by byte (too large, invisible characters) is refused. Files
 * are the host's and not its namespaces', so that no prefix is used.
 */
export async function readTextFile(at: RootAt, path: string, signal: AbortSignal): Promise<HostText> {
  const mark = `droplens:${randomBytes(12).toString('hex')}`;
  const file = quote(path);
  const script = `if [ ! -e ${file} ]; then echo ${quote(`${mark} absent`)}; exit 0; fi
if [ ! -f ${file} ] || [ "$(wc -c < ${file})" -gt ${LARGEST} ]; then echo ${quote(`${mark} unfit`)}; exit 0; fi
echo ${quote(`${mark} begin`)}; cat ${file}; echo ${quote(`${mark} end`)}; sha256sum < ${file} 2>/dev/null`;
  const outcome = await runScript(at.transport, { script, env: new Map(), timeoutSeconds: SECONDS, maxBytes: 3 * LARGEST }, signal);
  if (outcome.kind === 'cancelled') throw new TransportError('cancelled', english(msg('Cancelled.')));
  const { output } = outcome;
  if (output.startsWith(`${mark} absent`)) return { kind: 'text', text: null };
  if (output.startsWith(`${mark} unfit`)) return { kind: 'refused', why: msg('{0} is no text file that could be shown.', path) };
  const begin = output.indexOf(`${mark} begin\n`);
  const end = output.lastIndexOf(`${mark} end\n`);
  if (begin < 0 || end < begin) return { kind: 'refused', why: msg('{0} could not be read: {1}', path, firstLine(output) || '–') };
  const text = output.slice(begin + `${mark} begin\n`.length, end);
  const hash = /^([0-9a-f]{64})/.exec(output.slice(end + `${mark} end\n`.length))?.[1];
  // What was cleaned on the way, so that it could be shown, is not what the file holds.
  if (hash !== undefined && hash !== createHash('sha256').update(text).digest('hex')) {
    return { kind: 'refused', why: msg('{0} holds characters that cannot be shown.', path) };
  }
  return { kind: 'text', text };
}

/**
 * Writes a text file of the host in one step (a file beside it that takes its place), with the mode and owner that it
 * had, 0644 for one that was not there. Makes the folder. `undefined` when it was done.
 */
export async function writeTextFile(at: RootAt, path: string, text: string, signal: AbortSignal): Promise<Message | undefined> {
  if (Buffer.byteLength(text) > LARGEST) return msg('{0} would be too long.', path);
  const fresh = `${path}.droplens-${randomBytes(6).toString('hex')}`;
  const script = `set -e
umask 022
mkdir -p -- ${quote(path.replace(/\/[^/]*$/, '') || '/')}
trap 'rm -f -- ${quote(fresh).replaceAll("'", `'\\''`)}' EXIT
if [ -e ${quote(path)} ]; then cp -p -- ${quote(path)} ${quote(fresh)}; fi
printf '%s' ${quote(text)} > ${quote(fresh)}
mv -f -- ${quote(fresh)} ${quote(path)}`;
  const outcome = await runScript(at.transport, { script, env: new Map(), timeoutSeconds: SECONDS }, signal);
  if (outcome.kind === 'cancelled') throw new TransportError('cancelled', english(msg('Cancelled.')));
  return outcome.exit === 0 ? undefined : msg('{0} could not be written: {1}', path, firstLine(outcome.output) || '–');
}
