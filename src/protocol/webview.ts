import * as v from 'valibot';
import { BothEndsVerdict } from './bothEnds.js';
import { ChangeId, ChangeState } from './change.js';
import { DiagnosisReport } from './diagnosis.js';
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
  /** Plan and, when the person agrees, apply the fix for which this command stands. */
  v.object({ type: v.literal('fix'), hash: Id, command: Id }),
  v.object({ type: v.literal('decide'), change: ChangeId, decision: v.picklist(['keep', 'undo', 'measure']) }),
  /** Make a change that was kept last over a reboot. */
  v.object({ type: v.literal('persist'), change: ChangeId }),
  /** Open the runbook of a cause. */
  v.object({ type: v.literal('open'), runbook: Id }),
  /** Show a step's layer in the tree. */
  v.object({ type: v.literal('reveal'), step: Id }),
  v.object({ type: v.literal('diagnose') }),
]);
export type FromWebview = v.InferOutput<typeof FromWebview>;

/** Names of the texts that the page shows. The extension translates them: the page has no l10n of its own. */
export const WORDS = [
  'verdict.ok',
  'verdict.loss',
  'verdict.risk',
  'verdict.harmless',
  'verdict.unknown',
  'verdict.waiting',
  'report.heading',
  'report.none',
  'report.loss',
  'report.risk',
  'report.clean',
  'report.incomplete',
  'report.watched',
  'report.earlier',
  'report.history',
  'report.evidence',
  'report.wholeHost',
  'report.signal',
  'report.before',
  'report.after',
  'report.delta',
  'report.rate',
  'report.notChecked',
  'report.how',
  'report.step',
  'report.cause',
  'report.again',
  'report.process',
  'between.heading',
  'between.flow',
  'between.place',
  'between.sender',
  'between.receiver',
  'between.end',
  'between.skew',
  'page.host',
  'page.steps',
  'page.progress',
  'page.keys',
  'page.openAll',
  'page.closeAll',
  'page.loading',
  'step.done',
  'step.reveal',
  'step.causes',
  'risk.read-only',
  'risk.load',
  'risk.changes',
  'risk.disruptive',
  'command.run',
  'command.runNamed',
  'command.cancel',
  'command.cancelNamed',
  'command.terminal',
  'command.terminalNamed',
  'command.copy',
  'command.copyNamed',
  'command.running',
  'command.cancelled',
  'command.exit',
  'command.ended',
  'command.seconds',
  'command.output',
  'command.noOutput',
  'command.truncated',
  'command.undo',
  'command.text',
  'fix.apply',
  'fix.applyNamed',
  'change.heading',
  'change.before',
  'change.arming',
  'change.trial',
  'change.overdue',
  'change.hurry',
  'change.measuring',
  'change.deciding',
  'change.step',
  'change.keep',
  'change.undo',
  'change.measure',
  'change.persist',
  'change.signal',
  'change.rateBefore',
  'change.rateAfter',
  'change.perSecond',
  'table.more',
  'table.none',
] as const;
export type Word = (typeof WORDS)[number];

/** One text for each word; `{0}`, `{1}` … stand for values that the page fills in. */
export const WebviewStrings = v.object(v.entriesFromList(WORDS, v.string()));
export type WebviewStrings = v.InferOutput<typeof WebviewStrings>;

/** Extension → webview. */
export const ToWebview = v.variant('type', [
  /** First answer to `ready`: what the page is about and the texts it shows. */
  v.object({ type: v.literal('setup'), target: v.string(), runbook: v.string(), strings: WebviewStrings }),
  v.object({ type: v.literal('document'), document: RunbookDocument, host: v.string() }),
  v.object({ type: v.literal('state'), steps: v.array(StepState) }),
  v.object({ type: v.literal('running'), command: v.string() }),
  v.object({ type: v.literal('result'), command: v.string(), result: RunResult }),
  /** A change under way or over, of this host and runbook; `remainingMs` until the host undoes it, while it is on trial. */
  v.object({ type: v.literal('change'), state: ChangeState, remainingMs: v.nullable(v.number()) }),
  /** Open this step, scroll to it and put the focus on its heading; `null`: the verdict above the steps. */
  v.object({ type: v.literal('goto'), step: v.nullable(v.string()) }),
  /** The verdict of a diagnosis, shown above the steps; `at` in milliseconds since the epoch, `earlier`: kept from before;
   * `between`: where a flow between this host and another loses, when that was asked. */
  v.object({ type: v.literal('report'), report: DiagnosisReport, at: v.number(), earlier: v.boolean(), between: v.exactOptional(BothEndsVerdict) }),
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
