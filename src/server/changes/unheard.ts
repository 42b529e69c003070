import { msg, type Message } from '../../core/message.js';
import type { OpenedTarget } from '../../engine/open.js';
import type { Translate } from '../../engine/report.js';
import { readSettings } from '../../engine/settings.js';
import type { ChangeState } from '../../protocol/change.js';
import type { ChangeLog, Entry } from './log.js';
import { entryState } from './view.js';

export interface UnheardDeps {
  readonly log: ChangeLog;
  readonly translate: Translate;
  /** Whether a change is of this session, which then says itself how it ends. */
  readonly isUnderWay: (change: string) => boolean;
  readonly tell: (state: ChangeState) => void;
  readonly now: () => number;
}

type Outcome = 'late' | 'kept';

/**
 * Finds out how changes ended whose end this machine has not heard: the window was closed, or the connection was lost.
 * What the settings are tells, once the host's own clock must have run out. Nobody is asked for a password for it.
 */
export class Unheard {
  readonly #deps: UnheardDeps;
  readonly #timers = new Map<string, NodeJS.Timeout>();
  #disposed = false;

  constructor(deps: UnheardDeps) {
    this.#deps = deps;
  }

  /** To be called with every connection that was made. What cannot be read stays for the next one. */
  async connected(opened: OpenedTarget): Promise<void> {
    if (opened.replay !== undefined || this.#disposed) return;
    const { log, translate, isUnderWay, tell, now } = this.#deps;
    clearTimeout(this.#timers.get(opened.uri));
    this.#timers.delete(opened.uri);
    for (const entry of await log.of(opened.uri)) {
      if (entry.outcome !== 'unheard' || entry.undoneAt !== null || isUnderWay(entry.id)) continue;
      const wait = (entry.overBy ?? entry.at) - now();
      if (wait > 0) {
        const why = msg('The window or the connection was lost while the change was on trial. The host undoes it by itself; that is looked at in {0} s.', Math.ceil(wait / 1000));
        tell(entryState(entry, 'unheard', why, translate));
        this.#later(opened, wait);
        continue;
      }
      const outcome = await ended(opened, entry);
      if (outcome === undefined) continue;
      await log.update(opened.uri, (all) => all.map((one) => (one.id === entry.id ? { ...one, outcome } : one)));
      tell(entryState(entry, outcome, TEXTS[outcome], translate));
    }
  }

  dispose(): void {
    this.#disposed = true;
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }

  #later(opened: OpenedTarget, wait: number): void {
    clearTimeout(this.#timers.get(opened.uri));
    // A connection that is lost by then brings the question back with the next one.
    this.#timers.set(opened.uri, setTimeout(() => void this.connected(opened).catch(() => undefined), wait));
  }
}

const TEXTS: Readonly<Record<Outcome, Message>> = {
  late: msg('Nobody kept the change: the settings are as they were before it.'),
  kept: msg('The change was kept: the settings are as it made them.'),
};

/** `undefined`: the settings do not tell. Rejects with a TransportError. */
async function ended({ transport, entry: { prefix } }: OpenedTarget, { steps }: Entry): Promise<Outcome | undefined> {
  const read = await readSettings({ transport, prefix }, steps.map(({ setting }) => setting));
  if (read.kind === 'refused') return undefined;
  const all = (value: (step: Entry['steps'][number]) => string): boolean => steps.every((step, index) => read.currents[index]?.value === value(step));
  if (all(({ before }) => before.value)) return 'late';
  return all(({ after }) => after) ? 'kept' : undefined;
}
