import * as v from 'valibot';
import { LAYERS } from '../core/layers.js';

/** How a node is drawn: by shape and by colour. `unknown` = cannot tell. `idle` = a value without a judgement. */
export const Health = v.picklist(['ok', 'loss', 'risk', 'harmless', 'unknown', 'idle']);
export type Health = v.InferOutput<typeof Health>;

/** One row of the tree, ready to draw. Texts are already translated; parts of them come from the host (plain text). */
export const TreeNode = v.object({
  /** Stable between updates; unique within the target. */
  id: v.string(),
  /** `null` for a root. */
  parent: v.nullable(v.string()),
  /** Position among its siblings: siblings are shown by ascending order, then label. */
  order: v.number(),
  kind: v.picklist(['target', 'layer', 'group', 'row', 'value']),
  layer: v.nullable(v.picklist(LAYERS)),
  label: v.string(),
  /** Current value and rate, dim, right of the label. */
  description: v.string(),
  health: Health,
  /** Plain text, several lines: meaning, total since boot, source. */
  tooltip: v.string(),
  /** What a screen reader says. */
  spoken: v.string(),
  /** Step of the guide that belongs to it, for "Open runbook". */
  step: v.nullable(v.string()),
});
export type TreeNode = v.InferOutput<typeof TreeNode>;

/** State of the connection to a target. */
export const TargetState = v.variant('kind', [
  v.object({ kind: v.literal('connecting') }),
  v.object({ kind: v.literal('live') }),
  v.object({ kind: v.literal('paused') }),
  /** Values are old: `since` in milliseconds since the epoch, `why` for people. */
  v.object({ kind: v.literal('stale'), since: v.number(), why: v.string() }),
  v.object({ kind: v.literal('failed'), why: v.string(), how: v.nullable(v.string()) }),
]);
export type TargetState = v.InferOutput<typeof TargetState>;

/**
 * Server → extension: what changed in a target's tree since the update `base`. `base: null` = complete. An extension
 * that does not hold `base` asks for a complete one (`droplens/tree/refresh`).
 */
export const TreeUpdate = v.object({
  target: v.string(),
  seq: v.number(),
  base: v.nullable(v.number()),
  changed: v.array(TreeNode),
  removed: v.array(v.string()),
  state: TargetState,
  /** Findings of severity loss or risk in the latest look: the badge. */
  findings: v.number(),
});
export type TreeUpdate = v.InferOutput<typeof TreeUpdate>;
