import * as v from 'valibot';
import { DIRECTIONS, LAYERS, SEVERITIES } from '../core/layers.js';

/** One cause that holds for one subject. */
export const ReportedFinding = v.object({
  cause: v.string(),
  title: v.string(),
  layer: v.picklist(LAYERS),
  direction: v.picklist(DIRECTIONS),
  severity: v.picklist(SEVERITIES),
  subject: v.object({
    kind: v.picklist(['host', 'socket', 'interface', 'qdisc', 'cpu', 'entry']),
    name: v.string(),
    process: v.exactOptional(v.string()),
  }),
  rate: v.number(),
  unit: v.string(),
  evidence: v.array(
    v.object({
      signal: v.string(),
      before: v.number(),
      after: v.number(),
      delta: v.number(),
      /** In a namespace: counted for the whole host. */
      wholeHost: v.exactOptional(v.literal(true)),
    }),
  ),
  /** In a namespace: only counters of the whole host speak for it. */
  wholeHost: v.exactOptional(v.literal(true)),
  summary: v.string(),
  runbook: v.string(),
  /** Step of the guide to which the cause belongs. */
  step: v.string(),
});

/** The JSON contract of `droplens diagnose --json`; the server answers `droplens/diagnose` with the same shape. */
export const DiagnosisReport = v.object({
  target: v.string(),
  host: v.object({ name: v.string(), kernel: v.string(), bootId: v.string() }),
  window: v.object({ seconds: v.number(), samples: v.number() }),
  verdict: v.picklist(['loss', 'risk', 'clean', 'incomplete']),
  findings: v.array(ReportedFinding),
  notChecked: v.array(v.object({ what: v.string(), why: v.string(), how: v.string() })),
});
export type DiagnosisReport = v.InferOutput<typeof DiagnosisReport>;
