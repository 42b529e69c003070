import { l10n, window } from 'vscode';
import type { PlanView } from '../../protocol/change.js';
import { plain } from '../client/errors.js';
import { typedName } from '../runbook/confirm.js';

/**
 * Shows where, as whom, from what to what, by which commands, how it is undone and when the host does so by itself, and
 * asks. A change that can cut connections wants the typed name of the host. `true`: make it.
 */
export async function confirmChange(plan: PlanView, label: string): Promise<boolean> {
  const lines = (commands: readonly string[]): string[] => commands.map((line) => `    ${plain(line)}`);
  const detail = [
    ...plan.steps.map(({ name, before, after }) => l10n.t('{0}: {1} → {2}', plain(name), plain(before), plain(after))),
    '',
    l10n.t('Host: {0}', plain(label.includes(plan.host) ? label : `${label} (${plan.host})`)),
    l10n.t('User: {0}', plain(plan.user)),
    l10n.t('Commands:'),
    ...lines(plan.commands),
    l10n.t('Undo:'),
    ...lines(plan.undo),
    '',
    ...(plan.risk === 'disruptive' ? [l10n.t('It can cut connections, this one too.')] : []),
    plain(plan.effect),
    ...(plan.then === null ? [] : [plain(plan.then)]),
    '',
    l10n.t('The host itself undoes it after {0} s unless you keep it, whatever happens to this window or the connection.', plan.seconds),
    l10n.t('Watched as proof: {0}', plan.watch.map((signal) => plain(signal)).join(', ')),
  ].join('\n');
  const apply = plan.risk === 'disruptive' ? l10n.t('Continue…') : l10n.t('Apply');
  if ((await window.showWarningMessage(l10n.t('{0} on {1}?', plan.title, plain(label)), { modal: true, detail }, apply)) !== apply) return false;
  return plan.risk !== 'disruptive' || typedName(plain(label), plan.title);
}
