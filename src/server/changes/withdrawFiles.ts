import { withdraw, type FileChange } from '../../core/fix/persist/withdraw.js';
import { msg } from '../../core/message.js';
import { readTextFile, removeFile, writeTextFile } from '../../engine/hostFile.js';
import type { RootAt } from '../../engine/settings.js';
import type { ChangeLog, Entry } from './log.js';
import type { UndoOutcome } from './undoLogged.js';

type Persisted = Entry['persisted'][number];

interface Place {
  readonly entry: string;
  readonly file: Persisted;
}

/**
 * Takes out of the host's files what a change wrote into them, and leaves what others and later changes did. The later
 * ones are remembered as if this one had never been made. `undefined` when that was done; else nothing was written, or
 * `failed` says what hindered it.
 */
export async function withdrawFiles(at: RootAt, log: ChangeLog, entry: Entry, force: boolean, signal: AbortSignal): Promise<UndoOutcome | undefined> {
  // First a look at all of them: either everything is undone, or nothing.
  for (const file of entry.persisted) {
    const planned = await plan(at, log, entry, file, force, signal);
    if ('result' in planned) return planned;
  }
  for (const file of entry.persisted.toReversed()) {
    const planned = await plan(at, log, entry, file, force, signal);
    if ('result' in planned) return planned;
    const { present, text, later, changes } = planned;
    if (text !== present) {
      const problem = await (text === null ? removeFile(at, file.path, present ?? '', signal) : writeTextFile(at, file.path, text, signal, present));
      if (problem !== undefined) return { result: 'failed', text: problem };
    }
    await log.update(entry.target, (entries) => entries.map((one) => ({ ...one, persisted: one.id === entry.id ? one.persisted.filter((other) => !same(other, file)) : rebased(one, later, changes) })));
  }
  return undefined;
}

interface Plan {
  readonly present: string | null;
  readonly text: string | null;
  readonly later: readonly Place[];
  readonly changes: readonly FileChange[];
}

async function plan(at: RootAt, log: ChangeLog, entry: Entry, file: Persisted, force: boolean, signal: AbortSignal): Promise<Plan | UndoOutcome> {
  const present = await readTextFile(at, file.path, signal);
  if (present.kind === 'refused') return { result: 'failed', text: present.why };
  const places = (await log.of(entry.target)).filter(({ undoneAt }) => undoneAt === null).flatMap((one) => one.persisted.map((each) => ({ entry: one.id, file: each })));
  const ordered = places.filter((one) => one.file.path === file.path).sort((a, b) => a.file.at - b.file.at);
  const later = ordered.slice(ordered.findIndex((one) => one.entry === entry.id && same(one.file, file)) + 1);
  const withdrawn = withdraw(present.text, file, later.map((one) => one.file), force);
  if (withdrawn.kind === 'conflict') return { result: 'conflict', text: msg('What was written into {0} was changed by somebody else since. Nothing was done.', file.path) };
  return { present: present.text, text: withdrawn.text, later, changes: withdrawn.later };
}

function rebased(entry: Entry, later: readonly Place[], changes: readonly FileChange[]): Entry['persisted'] {
  return entry.persisted.map((file) => {
    const index = later.findIndex((one) => one.entry === entry.id && same(one.file, file));
    return { ...file, ...changes[index] };
  });
}

const same = (a: Persisted, b: Persisted): boolean => a.path === b.path && a.at === b.at;
