import type { Direction, Layer, Severity } from '../layers.js';
import type { Message } from '../message.js';

/**
 * What a finding is about. `host` when the kernel's counter does not say which socket or interface; `entry`: a route, a
 * neighbour, a firewall rule, a queue to a program, or a reason and place of drops.
 */
export interface Subject {
  readonly kind: 'host' | 'socket' | 'interface' | 'qdisc' | 'cpu' | 'entry';
  readonly name: string;
  /** Name of the owning process where the host let us read it. */
  readonly process?: string;
}

/** One value that moved (or stands where it should not), before and after the watched window. */
export interface Evidence {
  /** Signal id as in the catalogue, e.g. `TcpExt.ListenOverflows`. */
  readonly signal: string;
  readonly before: number;
  readonly after: number;
  readonly delta: number;
  /** In a namespace: counted for the whole host. */
  readonly wholeHost?: true;
}

/** One cause that holds for one subject. */
export interface Finding {
  readonly cause: string;
  readonly title: string;
  readonly layer: Layer;
  readonly direction: Direction;
  readonly severity: Severity;
  readonly subject: Subject;
  /** Per second over the window; 0 for what has no rate (a risk). */
  readonly rate: number;
  readonly unit: string;
  readonly evidence: readonly Evidence[];
  /** One sentence in plain text. Parts may come from the host: never to be read as Markdown or HTML. */
  readonly summary: string;
  /** In a namespace: nothing but counters of the whole host speak for it, so that it may be another namespace's. */
  readonly wholeHost?: true;
  /** Id of the runbook that explains it. */
  readonly runbook: string;
}

/** Something that could not be looked at. */
export interface NotChecked {
  readonly what: Message;
  readonly why: Message;
  readonly how: Message | undefined;
  /** Whether a verdict without it is incomplete. */
  readonly essential: boolean;
  /** Causes whose condition could not be decided because of it. */
  readonly causes: readonly string[];
}

export type Verdict = 'loss' | 'risk' | 'clean' | 'incomplete';

/** The answer to "is this host losing packets, where and why?" for one watched window. */
export interface Diagnosis {
  readonly seconds: number;
  readonly samples: number;
  readonly verdict: Verdict;
  readonly findings: readonly Finding[];
  readonly notChecked: readonly NotChecked[];
}
