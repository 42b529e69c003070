import { quote } from '../../collect/quote.js';
import { runScript } from '../../collect/run.js';
import { firstLine } from '../../collect/sanitize.js';
import { msg } from '../../core/message.js';
import { readTextFile, writeTextFile } from '../../engine/hostFile.js';
import type { RootAt } from '../../engine/settings.js';
import type { Entry } from './log.js';
import type { UndoOutcome } from './undoLogged.js';

/**
 * Puts a file back that keeps a change: as it was, or away where there was none. `undefined` when that was done or was
 * not needed; what hinders it otherwise. A file that somebody changed after us is left alone unless it is forced.
 */
export async function restoreFile(at: RootAt, file: Entry['persisted'][number], force: boolean, signal: AbortSignal): Promise<UndoOutcome | undefined> {
  const present = await readTextFile(at, file.path, signal);
  if (present.kind === 'refused') return { result: 'failed', text: present.why };
  if (present.text === file.before) return undefined;
  if (present.text !== file.after && !force) {
    return { result: 'conflict', text: msg('{0} was changed by somebody else since. Nothing was done.', file.path) };
  }
  if (file.before !== null) {
    const written = await writeTextFile(at, file.path, file.before, signal);
    return written === undefined ? undefined : { result: 'failed', text: written };
  }
  const outcome = await runScript(at.transport, { script: `rm -f -- ${quote(file.path)}`, env: new Map(), timeoutSeconds: 10 }, signal);
  if (outcome.kind === 'done' && outcome.exit === 0) return undefined;
  return { result: 'failed', text: msg('{0} could not be removed: {1}', file.path, outcome.kind === 'done' ? firstLine(outcome.output) : '–') };
}
