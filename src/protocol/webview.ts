import * as v from 'valibot';
import { RunbookDocument, RunResult, StepState } from './runbook.js';

const Id = v.pipe(v.string(), v.maxLength(200));

/** Webview → extension. Ids only: never a command's text, a path or a host. */
export const FromWebview = v.variant('type', [
  /** The page's script runs and can take messages. */
  v.object({ type: v.literal('ready') }),
  v.object({ type: v.literal('run'), hash: Id, command: Id }),
  v.object({ type: v.literal('cancel'), command: Id }),
  v.object({ type: v.literal('terminal'), hash: Id, command: Id }),
  v.object({ type: v.literal('copy'), hash: Id, command: Id }),
  /** Open the runbook of a cause. */
  v.object({ type: v.literal('open'), runbook: Id }),
  /** Show a step's layer in the tree. */
  v.object({ type: v.literal('reveal'), step: Id }),
  v.object({ type: v.literal('diagnose') }),
]);
export type FromWebview = v.InferOutput<typeof FromWebview>;

/** Words that the page shows; translated by the extension, because the page has no l10n of its own. */
export const WebviewStrings = v.record(v.string(), v.string());

/** Extension → webview. */
export const ToWebview = v.variant('type', [
  v.object({ type: v.literal('document'), document: RunbookDocument, target: v.string(), host: v.string() }),
  v.object({ type: v.literal('state'), steps: v.array(StepState) }),
  v.object({ type: v.literal('running'), command: v.string() }),
  v.object({ type: v.literal('result'), command: v.string(), result: RunResult }),
  /** Open this step, scroll to it and put the focus on its heading. */
  v.object({ type: v.literal('goto'), step: v.string() }),
  /** A sentence over the document: connection lost, server restarted … `null` clears it. */
  v.object({ type: v.literal('banner'), text: v.nullable(v.string()) }),
]);
export type ToWebview = v.InferOutput<typeof ToWebview>;

/** What the page keeps by `setState`: enough to come back to the same place after a reload. No data of the host. */
export const WebviewState = v.object({
  target: v.string(),
  runbook: v.string(),
  open: v.array(v.string()),
  done: v.array(v.string()),
  scroll: v.number(),
});
export type WebviewState = v.InferOutput<typeof WebviewState>;
