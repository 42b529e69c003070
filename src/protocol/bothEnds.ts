import * as v from 'valibot';
import { PLACES } from '../core/bothEnds/types.js';
import { DiagnosisReport, ReportedFinding } from './diagnosis.js';

const EndName = v.picklist(['sender', 'receiver']);

/** A flow between two hosts: `tcp 10.0.0.1:40000 > 10.0.0.2:5201`, the bytes that it moved in a second (0 for UDP), and those that wait in its queues. */
export const SeenFlowItem = v.object({ flow: v.string(), moved: v.number(), waiting: v.number() });
export type SeenFlowItem = v.InferOutput<typeof SeenFlowItem>;

/** Where a flow loses, in the words of a person, with the values of both ends that say so. */
export const BothEndsVerdict = v.object({
  flow: v.string(),
  /** `loss`: data was lost or is held up · `clean`: neither · `unknown`: the evidence does not decide, or could not be read. */
  verdict: v.picklist(['loss', 'clean', 'unknown']),
  place: v.picklist(PLACES),
  /** The place as a person calls it: `on the path`. */
  where: v.string(),
  summary: v.string(),
  /** Hosts of the two ends, as people call them. */
  sender: v.string(),
  receiver: v.string(),
  because: v.array(v.object({ end: EndName, signal: v.string(), before: v.number(), after: v.number(), delta: v.number() })),
  /** Milliseconds by which the receiver was read after the sender, at the beginning (negative: before) and at the end. */
  skewMs: v.object({ begin: v.number(), end: v.number() }),
});
export type BothEndsVerdict = v.InferOutput<typeof BothEndsVerdict>;

/** The JSON contract of `droplens diagnose TARGET --peer TARGET --json`; the server answers `droplens/bothEnds` with the same shape. */
export const BothEndsReport = v.object({
  ...BothEndsVerdict.entries,
  /** Findings of either host that explain the loss: taken from `ends`. */
  findings: v.array(v.object({ end: EndName, ...ReportedFinding.entries })),
  /** The diagnosis of each host for the same time, with all that was found and what could not be read. */
  ends: v.object({ sender: DiagnosisReport, receiver: DiagnosisReport }),
  /** Other flows between the two hosts, busiest first; empty where a person named the flow. */
  alternatives: v.array(SeenFlowItem),
});
export type BothEndsReport = v.InferOutput<typeof BothEndsReport>;
