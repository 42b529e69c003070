import { l10n, ProgressLocation, window } from 'vscode';
import type { DiagnosisReport } from '../../protocol/diagnosis.js';
import { Requests, ServerNotifications } from '../../protocol/messages.js';
import { isCancelled, plain, sentence } from '../client/errors.js';
import type { Server } from '../client/server.js';
import { contextKeys } from '../context.js';
import { GUIDE } from '../ids.js';
import { settings } from '../settings.js';
import type { Status } from '../status.js';
import { targetKind } from '../targets/address.js';
import { addSshHost, offerRetry, pickTarget } from '../targets/commands.js';
import type { Targets } from '../targets/targets.js';
import type { LayersView } from '../tree/view.js';
import type { Panels } from '../runbook/panels.js';
import type { RootConsent } from './root.js';
import { firstFinding, verdictSentence } from './report.js';

export interface DiagnoseParts {
  readonly server: Server;
  readonly targets: Targets;
  readonly view: LayersView;
  readonly panels: Panels;
  readonly status: Status;
  readonly consent: RootConsent;
}

/**
 * Watches a target and shows where it loses packets. `target` undefined: the person is asked if there are several.
 * `deeper`: the person wants root's view too, and is asked to agree to it unless they have.
 */
export async function diagnose(parts: DiagnoseParts, target: string | undefined, deeper = false): Promise<void> {
  const chosen = target ?? (await chooseTarget(parts));
  if (chosen === undefined) return;
  const { consent, targets } = parts;
  // A recording shows what root saw then, or does not.
  const recorded = targetKind(chosen) === 'recording';
  const root = !recorded && (consent.agreed(chosen) || (deeper && (await consent.ask(chosen, targets.label(chosen))) !== 'no'));
  if (deeper && !root && !recorded) return;
  for (;;) {
    try {
      const report = await watch(parts, chosen, root);
      await show(parts, chosen, report, root);
      return;
    } catch (error) {
      if (isCancelled(error)) return;
      const text = l10n.t('Could not diagnose {0}: {1}', plain(parts.targets.label(chosen)), sentence(error));
      if (!(await offerRetry(text))) return;
    }
  }
}

async function chooseTarget({ server, targets }: DiagnoseParts): Promise<string | undefined> {
  try {
    const local = await targets.local();
    if (targets.list().length > 0) return await pickTarget(targets, l10n.t('Diagnose packet loss on which host?'));
    const add = l10n.t('Add SSH host');
    const why = local.available ? '' : plain(local.why);
    const answer = await window.showInformationMessage(l10n.t('There is no host to diagnose. {0}', why), add);
    if (answer !== add) return undefined;
    await addSshHost(server, targets);
    return targets.list()[0];
  } catch (error) {
    await window.showErrorMessage(l10n.t('Could not diagnose, because {0}', sentence(error)));
    return undefined;
  }
}

/** Watches a target with a progress notification that can be cancelled. */
export async function watch({ server, targets, status }: DiagnoseParts, target: string, root: boolean): Promise<DiagnosisReport> {
  const seconds = settings.diagnoseSeconds();
  const host = targets.label(target);
  contextKeys.diagnosing(true);
  status.diagnosing(host);
  try {
    return await window.withProgress(
      { location: ProgressLocation.Notification, cancellable: true, title: l10n.t('Droplens: watching {0}', plain(host)) },
      async (progress, token) => {
        await targets.ensure(target, true, token);
        let shown = 0;
        const listener = server.onNotification(ServerNotifications.diagnoseProgress, (step) => {
          if (step.target !== target || step.seconds <= 0) return;
          const percent = Math.min(100, (step.elapsed / step.seconds) * 100);
          progress.report({ message: plain(step.text), increment: Math.max(0, percent - shown) });
          shown = Math.max(shown, percent);
        });
        try {
          return await server.request(Requests.diagnose, { target, seconds, root }, token);
        } finally {
          listener.dispose();
        }
      },
    );
  } finally {
    contextKeys.diagnosing(false);
    status.diagnosing(undefined);
  }
}

/** The evidence goes into the runbook, the place into the tree; the notification only says the verdict. */
async function show(parts: DiagnoseParts, target: string, report: DiagnosisReport, root: boolean): Promise<void> {
  const { view, panels, targets, consent } = parts;
  const first = firstFinding(report);
  if (first !== undefined) await view.reveal(target, first.layer);
  const panel = await panels.open(target, GUIDE);
  panel.report(report);
  panel.goto(first?.step ?? null);
  const button = l10n.t('Show');
  const text = verdictSentence(report, targets.label(target));
  const look = l10n.t('Look deeper as root…');
  const buttons = root || targetKind(target) === 'recording' || !consent.offers(target) ? [button] : [button, look];
  const fine = report.verdict === 'clean';
  const message = fine ? window.showInformationMessage(text, ...buttons) : window.showWarningMessage(text, ...buttons);
  // Not awaited: the diagnosis is over, whenever the person turns to the notification.
  void message.then((answer) => {
    if (answer === button) void panels.open(target, GUIDE).then((again) => again.goto(first?.step ?? null));
    if (answer === look) void diagnose(parts, target, true);
  });
}
