import { scopeOf } from '../diagnosis/scope.js';
import { msg, type Message } from '../message.js';
import type { RowWindow, WindowView } from '../observe/window.js';
import { render } from '../runbook/template.js';
import { parseAddress } from './address.js';
import { known } from './kinds/index.js';
import type { ChangePlan, ChangeStep, Current, Fix, Setting } from './types.js';

/** A fix, and the row of the host for which it is meant. */
export interface ChosenFix {
  readonly runbook: string;
  readonly fix: Fix;
  /** `undefined` for a fix of the host as a whole. */
  readonly row: RowWindow | undefined;
}

export type Settings = { readonly kind: 'settings'; readonly settings: readonly Setting[] } | { readonly kind: 'refused'; readonly why: Message };

/** The settings that a fix names on this host: what has to be read before it can be shown. */
export function settingsOf(chosen: ChosenFix, view: WindowView): Settings {
  const { fix, row } = chosen;
  if (fix.each !== 'host' && row === undefined) return { kind: 'refused', why: msg('It was not said for which {0} the fix is.', fix.each) };
  const useless = uselessBecause(chosen, view, undefined);
  if (useless !== undefined) return { kind: 'refused', why: useless };
  const window = scopeOf(view);
  const settings: Setting[] = [];
  for (const { address } of fix.settings) {
    const parsed = parseAddress(render(address, window, row));
    if (parsed.kind === 'malformed') return { kind: 'refused', why: parsed.problem };
    settings.push(parsed.setting);
  }
  return { kind: 'settings', settings };
}

/** What a person gave for the settings that ask, by their place; the proposed value stands for one that is missing. */
export type Wanted = ReadonlyMap<number, string>;

export type Planned = { readonly kind: 'plan'; readonly plan: ChangePlan } | { readonly kind: 'refused'; readonly why: Message; readonly setting: number | undefined };

/**
 * The change as a person is shown it before they agree: from what to what, by which commands, and how it is undone.
 * `currents` are the values of {@link settingsOf}, in its order. Refused when a value cannot be set, or when everything
 * is as wanted already.
 */
export function planChange(chosen: ChosenFix, view: WindowView, currents: readonly Current[], wanted: Wanted): Planned {
  const { fix, row, runbook } = chosen;
  const found = settingsOf(chosen, view);
  if (found.kind === 'refused') return { ...found, setting: undefined };
  const useless = uselessBecause(chosen, view, currents[0]);
  if (useless !== undefined) return { kind: 'refused', why: useless, setting: undefined };
  const steps: ChangeStep[] = [];
  const files = new Map<string, string>();
  for (const [index, setting] of found.settings.entries()) {
    const before = currents[index];
    if (before === undefined) return { kind: 'refused', why: msg('{0} was not read.', known(setting).name), setting: index };
    const given = fix.settings[index]?.asked === true ? wanted.get(index)?.trim() : undefined;
    const after = given ?? proposed(chosen, index, view, before);
    if (after === undefined) return { kind: 'refused', why: msg('No value can be proposed for {0}.', known(setting).name), setting: index };
    const { name, check, sets, resets } = known(setting);
    const problem = check(after, before);
    if (problem) return { kind: 'refused', why: problem, setting: index };
    const acts = sets(after, setting.kind === 'sysctl' ? { ...before, state: files.get(setting.path) ?? before.state } : before);
    // A second number of the same file is set beside the first, not over it.
    if (setting.kind === 'sysctl') for (const act of acts) if (act.kind === 'write') files.set(setting.path, act.text);
    steps.push({ setting, name, before, after, sets: acts, resets: resets(before) });
  }
  if (steps.every(({ before, after }) => before.value === after)) {
    const [first] = steps;
    return { kind: 'refused', why: msg('{0} is {1} already.', first?.name ?? '', first?.after ?? ''), setting: 0 };
  }
  const window = scopeOf(view);
  return {
    kind: 'plan',
    plan: {
      runbook,
      fix: fix.id,
      row: row?.key,
      title: fix.title,
      risk: fix.risk,
      effect: render(fix.effect, window, row),
      then: fix.then === undefined ? undefined : render(fix.then, window, row),
      watch: fix.watch,
      steps,
    },
  };
}

/** The value that the runbook proposes where the host has `current`; `undefined` when the expression has none. */
export function proposed({ fix, row }: ChosenFix, index: number, view: WindowView, current: Current): string | undefined {
  const value = fix.settings[index]?.value;
  if (value === undefined) return undefined;
  const outcome = value.evaluate(scopeOf(withCurrent(view, current)), row);
  if (outcome.kind !== 'value') return undefined;
  if (typeof outcome.value === 'number') return Number.isFinite(outcome.value) ? String(Math.round(outcome.value)) : undefined;
  return typeof outcome.value === 'string' ? outcome.value : undefined;
}

/** Why the fix cannot help this row; an expression that names what the host does not have says nothing against it. */
export function uselessBecause({ fix, row }: ChosenFix, view: WindowView, current: Current | undefined): Message | undefined {
  if (fix.unless === undefined) return undefined;
  const window = scopeOf(current === undefined ? view : withCurrent(view, current));
  const outcome = fix.unless.when.evaluate(window, row);
  return outcome.kind === 'value' && outcome.value === true ? msg('{0}', render(fix.unless.why, window, row)) : undefined;
}

/** The window with the setting's present value under the name `now.current`, and the largest possible as `now.most`. */
function withCurrent(view: WindowView, { value, most }: Current): WindowView {
  const levels = new Map(view.levels);
  if (most !== undefined) levels.set('most', levelOf(most));
  if (!/^-?\d+$/.test(value)) return { ...view, levels, texts: new Map([...view.texts, ['current', value]]) };
  return { ...view, levels: levels.set('current', levelOf(Number(value))) };
}

const levelOf = (value: number): { before: number; after: number; min: number; max: number } => ({ before: value, after: value, min: value, max: value });
