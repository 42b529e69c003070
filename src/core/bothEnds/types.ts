import type { Diagnosis, Evidence, Finding } from '../diagnosis/types.js';
import type { Message } from '../message.js';
import type { WindowView } from '../observe/window.js';
import type { ReadingPair } from './match.js';

export type End = 'sender' | 'receiver';

/** Where a flow loses, in the order in which data passes. */
export const PLACES = ['sender-application', 'sender-host', 'path', 'receiver-host', 'receiver-application', 'none', 'unknown'] as const;
export type Place = (typeof PLACES)[number];

/** What one end's host did while watched, and its readings of the flow. The receiver's enclose the sender's in time. */
export interface EndLook {
  /** What people call the host. */
  readonly host: string;
  readonly view: WindowView;
  readonly diagnosis: Diagnosis;
  readonly readings: ReadingPair;
}

/** A value of one end that the verdict rests on. */
export interface EndEvidence extends Evidence {
  readonly end: End;
}

/** A finding of one end's own diagnosis that explains what the flow lost. */
export interface EndFinding {
  readonly end: End;
  readonly finding: Finding;
}

/** Where the flow loses, and why one can say so. */
export interface FlowVerdict {
  /** `loss`: data was lost or is held up · `clean`: neither · `unknown`: the evidence does not decide. */
  readonly verdict: 'loss' | 'clean' | 'unknown';
  readonly place: Place;
  readonly summary: Message;
  readonly because: readonly EndEvidence[];
  readonly findings: readonly EndFinding[];
}

/** What the judges of the protocols decide; evidence is added to it. */
export type Decision = Pick<FlowVerdict, 'verdict' | 'place' | 'summary'> & { readonly findings?: readonly EndFinding[] };
