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
echo ${quote(`${mark} begin`)}; cat ${file}; echo ${quote(`${mark} end`)}; sha256sum < ${file}`;
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
  if (hash === undefined) return { kind: 'refused', why: msg('sha256sum is not installed, without which {0} cannot be compared.', path) };
  if (hash !== sha256(text)) return { kind: 'refused', why: msg('{0} holds characters that cannot be shown.', path) };
  return { kind: 'text', text };
}

/** Exit status of a script that found another text than it should replace. */
const CHANGED = 9;

/**
 * Writes a text file of the host in one step (a file beside it that takes its place), with the mode and owner that it
 * had, 0644 for one that was not there. Makes the folder. Nothing is written where the file is not `expected` any more
 * (`null`: no file). `undefined` when it was done.
 */
export async function writeTextFile(at: RootAt, path: string, text: string, signal: AbortSignal, expected: string | null): Promise<Message | undefined> {
  if (Buffer.byteLength(text) > LARGEST) return msg('{0} would be too long.', path);
  const fresh = `${path}.droplens-${randomBytes(6).toString('hex')}`;
  const [file, next] = [quote(path), quote(fresh)];
  // What ends it comes with the end of whoever reads its output: a shell that says so then must not end of that first.
  // netplan's files are for root alone (netplan(5)): it complains about others.
  const script = `set -e
umask ${path.startsWith('/etc/netplan/') ? '077' : '022'}
mkdir -p -- ${quote(path.replace(/\/[^/]*$/, '') || '/')}
trap ${quote(`rm -f -- ${next}`)} EXIT
trap '' PIPE
trap 'trap "" TERM HUP INT; exit 1' TERM HUP INT
if [ -e ${file} ]; then cp -p -- ${file} ${next}; fi
printf '%s' ${quote(text)} > ${next}
${onlyIf(path, expected)}
mv -f -- ${next} ${file}
if command -v restorecon >/dev/null 2>&1; then restorecon -- ${file} >/dev/null 2>&1 || :; fi`;
  return done(at, script, path, signal, (said) => msg('{0} could not be written: {1}', path, said));
}

/**
 * Removes a file of the host, and its folder where that is one of drop-ins and empty then. Nothing is removed where the
 * file is not `expected` any more. `undefined` when it was done.
 */
export async function removeFile(at: RootAt, path: string, expected: string, signal: AbortSignal): Promise<Message | undefined> {
  const folder = path.replace(/\/[^/]*$/, '');
  const script = `set -e
${onlyIf(path, expected)}
rm -f -- ${quote(path)}
${folder.endsWith('.network.d') ? `rmdir -- ${quote(folder)} 2>/dev/null || :` : ''}`;
  return done(at, script, path, signal, (said) => msg('{0} could not be removed: {1}', path, said));
}

async function done(at: RootAt, script: string, path: string, signal: AbortSignal, failed: (said: string) => Message): Promise<Message | undefined> {
  const outcome = await runScript(at.transport, { script, env: new Map(), timeoutSeconds: SECONDS }, signal);
  if (outcome.kind === 'cancelled') throw new TransportError('cancelled', english(msg('Cancelled.')));
  if (outcome.exit === CHANGED) return msg('{0} was changed since it was read. Nothing was done.', path);
  return outcome.exit === 0 ? undefined : failed(firstLine(outcome.output) || '–');
}

/** Shell text that ends the script where the file is not what it should be; a link is never replaced by a file. */
function onlyIf(path: string, expected: string | null): string {
  const file = quote(path);
  if (expected === null) return `if [ -e ${file} ] || [ -L ${file} ]; then exit ${CHANGED}; fi`;
  return `if [ -L ${file} ]; then exit ${CHANGED}; fi
case $(sha256sum < ${file} 2>/dev/null) in ${sha256(expected)}*) ;; *) exit ${CHANGED} ;; esac`;
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
