import type { Lab, Host } from './lab.js';

/** A fault that a fix of a runbook cures, with load that goes on until it is stopped. */
export interface Cure {
  readonly id: string;
  readonly title: string;
  readonly runbook: string;
  readonly fix: string;
  /** What the log and the plan call the setting, and its values before and after. */
  readonly setting: { readonly name: string; readonly before: string; readonly after: string };
  /** Why it must have the machine to itself. */
  readonly alone?: string;
  setUp(lab: Lab): Promise<CureScene>;
}

export interface CureScene {
  readonly target: Host | 'machine';
  /** The row that a person would choose, where the fix is for one. */
  readonly row?: string;
  /** Values that a person would give, by the index of the setting. */
  readonly values?: Readonly<Record<string, string>>;
  /** Makes the fault show, once; called over and over while the counters are watched. Well under a second. */
  load(): Promise<void>;
  /** What must be done on the host before the fix can take effect: a program that listens anew. */
  readonly restart?: () => Promise<void>;
}
