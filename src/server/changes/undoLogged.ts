import { actLine } from '../../collect/change/program.js';
import { runScript } from '../../collect/run.js';
import { firstLine } from '../../collect/sanitize.js';
import { known } from '../../core/fix/kinds/index.js';
import { isSameRule } from '../../core/fix/sameRule.js';
import { english, msg, type Message } from '../../core/message.js';
import { readSettings, type RootAt } from '../../engine/settings.js';
import type { UndoneChange } from '../../protocol/change.js';
import type { ChangeLog, Entry } from './log.js';
import { withdrawFiles } from './withdrawFiles.js';

export interface UndoOptions {
  /** Also where a setting has another value than the one that was given to it. */
  readonly force: boolean;
  /** The host was started since: what no file kept is as it was before. */
  readonly rebooted: boolean;
}

export interface UndoOutcome {
  readonly result: UndoneChange['result'];
  readonly text: Message;
}

/** Seconds for putting settings back. */
const UNDO_SECONDS = 20;

/**
 * Takes back one change of the log: first what it wrote into files that are read at boot, then the settings. Nothing is
 * touched when a setting or a file is neither as we left it nor as it was before, unless it is forced: somebody else has
 * had a hand in it. A rule that is another one by now is never touched.
 */
export async function undoLogged(at: RootAt, log: ChangeLog, entry: Entry, { force, rebooted }: UndoOptions, signal: AbortSignal): Promise<UndoOutcome> {
  const settings = entry.steps.map(({ setting }) => setting);
  const hadFiles = entry.persisted.length > 0;
  const read = await readSettings(at, settings, signal);
  if (read.kind === 'refused') {
    if (!force && !rebooted) return { result: 'conflict', text: msg('{0} Nothing was done.', english(read.why)) };
    const hindered = await withdrawFiles(at, log, entry, force, signal);
    if (hindered !== undefined) return hindered;
    return { result: 'undone', text: msg('{0} There is nothing there to put back.', english(read.why)) };
  }
  const pending: number[] = [];
  for (const [index, step] of entry.steps.entries()) {
    const current = read.currents[index];
    const value = current?.value ?? '';
    if (step.setting.kind === 'rule' && (current === undefined || !isSameRule(step.setting.rule, step.before, current))) {
      if (force || rebooted) continue;
      return { result: 'conflict', text: msg('{0} is another rule by now: the rules were loaded anew. Nothing was done.', step.name) };
    }
    if (value === step.before.value) continue;
    if (value !== step.after && !force) {
      return { result: 'conflict', text: msg('{0} is {1} by now: it was set to {2}, and {3} before. Nothing was done.', step.name, value, step.after, step.before.value) };
    }
    pending.push(index);
  }
  const hindered = await withdrawFiles(at, log, entry, force, signal);
  if (hindered !== undefined) return hindered;
  if (pending.length === 0) {
    const text = rebooted ? msg('The host was started since; the settings are as they were before.') : msg('The settings were as they were before already.');
    return { result: hadFiles ? 'undone' : 'already', text };
  }
  const acts = pending.reverse().flatMap((index) => {
    const step = entry.steps[index];
    return step === undefined ? [] : known(step.setting).resets(step.before);
  });
  const script = ['set -e', ...acts.map(actLine)].join('\n');
  const outcome = await runScript(at.transport, { script, env: new Map(), timeoutSeconds: UNDO_SECONDS, prefix: at.prefix }, signal);
  const again = await readSettings(at, settings, signal);
  const left = again.kind === 'read' ? entry.steps.find((step, index) => pending.includes(index) && again.currents[index]?.value !== step.before.value) : undefined;
  if (again.kind === 'refused' || left !== undefined) {
    const said = outcome.kind === 'done' ? firstLine(outcome.output) || '–' : '–';
    return { result: 'failed', text: msg('{0} could not be put back to {1}: {2}', left?.name ?? '', left?.before.value ?? '', said) };
  }
  return { result: 'undone', text: msg('Put back: {0}.', entry.steps.map(({ name, before }) => `${name} = ${before.value}`).join(', ')) };
}
