import { l10n, ProgressLocation, window, workspace } from 'vscode';
import type { FixName, PlanResult, PlanView } from '../../protocol/change.js';
import { Requests } from '../../protocol/messages.js';
import type { RunResult } from '../../protocol/runbook.js';
import { isCancelled, plain, sentence } from '../client/errors.js';
import type { Server } from '../client/server.js';
import { settings } from '../settings.js';
import type { Targets } from '../targets/targets.js';
import { confirmChange } from './confirm.js';
import { askValue } from './valueBox.js';

export interface ChangeParts {
  readonly server: Server;
  readonly targets: Targets;
}

/** `begun`: the page shows what follows. Else why not, in the form in which a command's page shows it. */
export type Begun = { readonly kind: 'begun' } | Exclude<RunResult, { kind: 'done' }>;

/**
 * Everything up to a change: for which row, to which value, and a person's word after they saw what will run and how it
 * is undone. Never rejects.
 */
export async function applyFix({ server, targets }: ChangeParts, name: FixName): Promise<Begun> {
  const label = targets.label(name.target);
  if (!workspace.isTrusted) {
    return { kind: 'refused', why: l10n.t('This workspace is not trusted: hosts can be looked at, and not changed.'), how: l10n.t('Trust the workspace with “Workspaces: Manage Workspace Trust”.') };
  }
  try {
    await targets.ensure(name.target, true);
    const row = await chooseRow(server, name, label);
    if (row === undefined) return { kind: 'cancelled' };
    if (typeof row === 'object' && row !== null) return row;
    const planned = await planWithValues(server, name, row, label);
    if (planned === undefined) return { kind: 'cancelled' };
    if (planned.kind === 'refused') return { kind: 'refused', why: planned.why, how: planned.how };
    const { plan } = planned;
    const view: PlanView = { ...plan, seconds: settings.undoSeconds() };
    if (!(await confirmChange(view, label))) return { kind: 'cancelled' };
    const begun = await server.request(Requests.fixApply, { target: name.target, plan: plan.plan, seconds: view.seconds });
    return begun.kind === 'begun' ? { kind: 'begun' } : { kind: 'refused', why: begun.why, how: begun.how };
  } catch (error) {
    return isCancelled(error) ? { kind: 'cancelled' } : { kind: 'refused', why: sentence(error), how: null };
  }
}

/** A key of the server's, `null` where the fix is for the host; `undefined`: the person turned away. */
async function chooseRow(server: Server, name: FixName, label: string): Promise<string | null | undefined | Extract<Begun, { kind: 'refused' }>> {
  const offer = await server.request(Requests.fixOffer, name);
  if (offer.kind === 'refused') return offer;
  if (offer.rows === null) return null;
  if (offer.rows.length === 0) return { kind: 'refused', why: l10n.t('Nothing was found on {0} for which this fix is.', plain(label)), how: null };
  const items = offer.rows.map(({ row, label: called, detail }) => ({ label: plain(called), description: plain(detail), row }));
  const options = { title: offer.title, placeHolder: l10n.t('For which one on {0}?', plain(label)), matchOnDescription: true, ignoreFocusOut: true };
  return (await window.showQuickPick(items, options))?.row;
}

/** Plans with the proposed values, lets the person change those that ask, and plans again with theirs. */
async function planWithValues(server: Server, name: FixName, row: string | null, label: string): Promise<PlanResult | undefined> {
  const plan = (values: Readonly<Record<string, string>>): Promise<PlanResult> =>
    Promise.resolve(
      window.withProgress({ location: ProgressLocation.Window, title: l10n.t('Reading {0}', plain(label)) }, () =>
        server.request(Requests.fixPlan, { ...name, row, values: { ...values } }),
      ),
    );
  const first = await plan({});
  if (first.kind === 'refused') return first;
  const asked = first.plan.steps.flatMap((step, index) => (step.asked ? [{ ...step, index }] : []));
  if (asked.length === 0) return first;
  const values = new Map<string, string>();
  let problem: string | undefined;
  let latest: PlanResult = first;
  for (let at = 0; at < asked.length; ) {
    const step = asked[at];
    if (step === undefined) break;
    const value = await askValue({
      title: first.plan.title,
      prompt: l10n.t('{0} is {1} on {2}. Which value is it to have?', plain(step.name), plain(step.before), plain(label)),
      value: values.get(String(step.index)) ?? step.after,
      problem,
    });
    if (value === undefined) return undefined;
    values.set(String(step.index), value);
    latest = await plan(Object.fromEntries(values));
    problem = latest.kind === 'refused' ? plain(latest.why) : undefined;
    // What the host would not take is asked for once more; what stands in the way elsewhere is for the page.
    if (latest.kind === 'refused' && latest.setting !== step.index) return latest;
    if (latest.kind === 'plan') at++;
  }
  return latest;
}
