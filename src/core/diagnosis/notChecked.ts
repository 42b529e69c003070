import { msg, type Message } from '../message.js';
import { sourceOfSignal } from '../observe/origin.js';
import type { WindowView } from '../observe/window.js';
import { PRIVILEGED } from '../privileged/sources.js';
import { findSource, type SourceId } from '../sources.js';
import type { NotChecked } from './types.js';

/** One cause that could not be decided, and the source that would have decided it. */
export interface Undecided {
  readonly cause: string;
  readonly why:
    | { readonly kind: 'source'; readonly source: SourceId }
    | { readonly kind: 'signal'; readonly signal: string }
    /** The condition itself is wrong for the values that it met. */
    | { readonly kind: 'error'; readonly condition: string; readonly message: string };
}

/** One line per thing that could not be read, in whole or in part, with the causes it leaves open. */
export function gatherNotChecked(view: WindowView, undecided: readonly Undecided[]): readonly NotChecked[] {
  return [
    ...unreadSources(view, undecided),
    ...partlyReadSources(view, undecided),
    ...uncomparedSources(view, undecided),
    ...missingSignals(view, undecided),
    ...wrongConditions(undecided),
  ];
}

/** Whether the window has a value under this name at all. */
export function hasSignal(view: WindowView, id: string): boolean {
  return view.counters.has(id) || view.levels.has(id) || view.texts.has(id);
}

function causesOf(undecided: readonly Undecided[], matches: (why: Undecided['why']) => boolean): readonly string[] {
  return [...new Set(undecided.filter((entry) => matches(entry.why)).map((entry) => entry.cause))];
}

const openBy = (undecided: readonly Undecided[], id: SourceId): readonly string[] =>
  causesOf(undecided, (why) => why.kind === 'source' && why.source === id);

function unreadSources(view: WindowView, undecided: readonly Undecided[]): readonly NotChecked[] {
  const denied = view.unreadable.get(PRIVILEGED.id);
  return [...view.unreadable].flatMap(([id, reading]) => {
    const source = findSource(id);
    if (source === undefined || (source.absentIsFine === true && reading.reason === 'absent')) return [];
    // Everything that needs root was refused for one reason, which is said once.
    if (reading === denied && id !== PRIVILEGED.id) return [];
    const isOpenBy = (one: SourceId): boolean => one === id || (reading === denied && view.unreadable.get(one) === denied);
    const causes = causesOf(undecided, (why) => why.kind === 'source' && isOpenBy(why.source));
    // What no open question depends on, and a diagnosis can do without, is not worth a line; drivers and processes are.
    const telling = source.tier === 'slow' && !id.startsWith('sysctl.');
    if (causes.length === 0 && !source.essential && !telling) return [];
    return [{ what: source.title, why: reading.why, how: reading.how ?? source.how, essential: source.essential, causes }];
  });
}

function partlyReadSources(view: WindowView, undecided: readonly Undecided[]): readonly NotChecked[] {
  return [...view.partial].flatMap(([id, problem]) => {
    const source = findSource(id);
    if (source === undefined) return [];
    const why = msg('a part could not be understood: {0}', problem);
    return [{ what: source.title, why, how: undefined, essential: source.essential, causes: openBy(undecided, id) }];
  });
}

/** Sources that were not due often enough in the window: nothing is wrong with them. */
function uncomparedSources(view: WindowView, undecided: readonly Undecided[]): readonly NotChecked[] {
  const sources = new Set(undecided.flatMap((entry) => (entry.why.kind === 'source' ? [entry.why.source] : [])));
  return [...sources].flatMap((id) => {
    const source = findSource(id);
    if (source === undefined || view.unreadable.has(id) || view.partial.has(id)) return [];
    const why = view.readings.has(id) ? msg('it was read only once while watching') : msg('it was not read while watching');
    return [{ what: source.title, why, how: undefined, essential: source.essential, causes: openBy(undecided, id) }];
  });
}

function wrongConditions(undecided: readonly Undecided[]): readonly NotChecked[] {
  const messages = new Map(undecided.flatMap((entry) => (entry.why.kind === 'error' ? [[entry.why.condition, entry.why.message] as const] : [])));
  return [...messages].map(([condition, message]) => ({
    what: msg('{0}', condition),
    why: msg('the condition could not be evaluated: {0}', message),
    how: undefined,
    essential: false,
    causes: causesOf(undecided, (why) => why.kind === 'error' && why.condition === condition),
  }));
}

function missingSignals(view: WindowView, undecided: readonly Undecided[]): readonly NotChecked[] {
  const signals = new Set(undecided.flatMap((entry) => (entry.why.kind === 'signal' ? [entry.why.signal] : [])));
  return [...signals]
    .filter((signal) => !isUnused(view, signal))
    .map((signal) => ({
      what: msg('{0}', signal),
      why: whyNoSignal(view, signal),
      how: undefined,
      essential: false,
      causes: causesOf(undecided, (why) => why.kind === 'signal' && why.signal === signal),
    }));
}

/** A counter of a feature that this host does not use (no conntrack, no IPsec, no IPv6) leaves nothing open. */
function isUnused(view: WindowView, signal: string): boolean {
  const id = sourceOfSignal(signal);
  const source = id === undefined ? undefined : findSource(id);
  if (id === undefined || source?.absentIsFine !== true) return false;
  const reading = view.unreadable.get(id);
  return reading === undefined ? !hasSignal(view, signal) : reading.reason === 'absent';
}

function whyNoSignal(view: WindowView, signal: string): Message {
  if (view.counters.has(signal)) return msg('it could be read only once, or was reset, while watching');
  const source = sourceOfSignal(signal);
  return source === undefined || view.readings.has(source) ? msg('this kernel does not have it') : msg('it was not read while watching');
}
