import type { Host, Lab } from './lab.js';

/** How much a signal must have moved: exactly, or from-to. */
export type Amount = number | readonly [least: number, most: number];

/** What the load did, as the evidence of the expected finding must show it: signal id → delta. */
export type Done = Readonly<Record<string, Amount>>;

/** A fault that has been set up. */
export interface Scene {
  /** The host that is diagnosed; `machine` is the first namespace, for counters that exist only there. */
  readonly target: Host | 'machine';
  /** Traffic inside the watched window. Ends by itself, well before the window does. */
  load(): Promise<Done>;
  /** Whom the finding must be about, where the host can tell. */
  readonly subject?: { readonly kind: string; readonly name: string };
}

/** One thing that goes wrong on a host, and what a diagnosis must say about it. */
export interface Fault {
  readonly id: string;
  readonly title: string;
  /**
   * Findings expected at `severity`, in any order, before all others. Nothing else may be reported at
   * severity `loss`, but on the whole machine, where more goes on than the lab.
   */
  readonly expected: readonly Expected[];
  /** `risk`: nothing is lost, and the exit status is 0. */
  readonly severity: 'loss' | 'risk';
  /** Why it must have the machine to itself; it changes or reads what belongs to the whole machine. */
  readonly alone?: string;
  /** What cannot be known without root; every other fault is diagnosed by a user without rights. */
  readonly root?: string;
  /** 1: only what root may read decides it, so that the diagnosis is asked to read that, too. */
  readonly tier?: 1;
  /** Watched window, in seconds; 3 unless given. */
  readonly seconds?: number;
  setUp(lab: Lab): Promise<Scene>;
}

export interface Expected {
  readonly cause: string;
  readonly layer: string;
  readonly direction: string;
}

/** A healthy host that may look ill: nothing may be reported at severity `loss`. */
export interface Control {
  readonly id: string;
  readonly title: string;
  /** Findings at severity `harmless` or `history` that must be there. */
  readonly harmless?: readonly string[];
  /** What must be listed as not checked. */
  readonly notChecked?: readonly string[];
  readonly alone?: string;
  readonly seconds?: number;
  setUp(lab: Lab): Promise<Scene>;
}
