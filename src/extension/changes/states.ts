import { EventEmitter, type Disposable } from 'vscode';
import type { ChangeState } from '../../protocol/change.js';
import { ServerNotifications } from '../../protocol/messages.js';
import type { Server } from '../client/server.js';

/** A change of this window with the time that is left of it. */
export interface ChangeNow {
  readonly state: ChangeState;
  /** Milliseconds until the host undoes it; `null` while it is not on trial. */
  readonly remainingMs: number | null;
}

/** The changes that were begun in this window, the latest state of each: pages come and go. */
export class ChangeStates implements Disposable {
  readonly #states = new Map<string, ChangeState>();
  readonly #changed = new EventEmitter<ChangeState>();
  readonly #subscription: Disposable;
  readonly onDidChange = this.#changed.event;

  constructor(
    server: Server,
    private readonly now: () => number = Date.now,
  ) {
    this.#subscription = server.onNotification(ServerNotifications.change, (state) => {
      // The latest stands last, whatever became of it.
      this.#states.delete(state.change);
      this.#states.set(state.change, state);
      this.#changed.fire(state);
    });
  }

  /** The latest change that each fix of a runbook made on a target. */
  of(target: string, runbook: string): readonly ChangeNow[] {
    const latest = new Map<string, ChangeState>();
    for (const state of this.#states.values()) if (state.target === target && state.runbook === runbook) latest.set(state.fix, state);
    return [...latest.values()].map((state) => this.timed(state));
  }

  timed(state: ChangeState): ChangeNow {
    const { phase } = state;
    return { state, remainingMs: phase.kind === 'trial' ? Math.max(0, phase.deadline - this.now()) : null };
  }

  /** Those that wait for a person, the one that ends first in front. */
  onTrial(): readonly ChangeState[] {
    const deadline = ({ phase }: ChangeState): number => (phase.kind === 'trial' ? phase.deadline : Number.POSITIVE_INFINITY);
    return [...this.#states.values()].filter(({ phase }) => phase.kind === 'trial').sort((a, b) => deadline(a) - deadline(b));
  }

  dispose(): void {
    this.#subscription.dispose();
    this.#changed.dispose();
  }
}
