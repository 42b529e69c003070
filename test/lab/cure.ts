import type { Fault } from './fault.js';
import type { Lab, Host } from './lab.js';

/** What the log and the plan call a setting, and its values before and after. */
export interface CuredSetting {
  readonly name: string;
  readonly before: string;
  readonly after: string;
}

/** A fault that a fix of a runbook cures, with load that goes on until it is stopped. */
export interface Cure {
  readonly id: string;
  readonly title: string;
  readonly runbook: string;
  readonly fix: string;
  /** What is set, in the order of the plan; where names are of chance, the scene says it. */
  readonly settings?: readonly CuredSetting[];
  /** Why it must have the machine to itself. */
  readonly alone?: string;
  /** Whether it may run beside others of this kind: it neither makes nor sees what they do. */
  readonly aside?: true;
  setUp(lab: Lab): Promise<CureScene>;
}

export interface CureScene {
  readonly target: Host | 'machine';
  readonly settings?: readonly CuredSetting[];
  /** The row that a person would choose, where the fix is for one. Asked for anew for each plan. */
  row?(): string;
  /** Values that a person would give, by the index of the setting. */
  readonly values?: Readonly<Record<string, string>>;
  /** Makes the fault show, once; called over and over while the counters are watched. Well under a second. */
  load(): Promise<void>;
  /** What must be done on the host before a change of the setting can take effect: a program that listens anew. */
  readonly restart?: () => Promise<void>;
}

/** The scene of a fault of the lab, for a cure: the same load, over and over. */
export async function sceneOf(fault: Fault, lab: Lab): Promise<CureScene & { readonly subject: string }> {
  const scene = await fault.setUp(lab);
  return {
    target: scene.target,
    subject: scene.subject?.name ?? '',
    async load() {
      await scene.load();
    },
  };
}
