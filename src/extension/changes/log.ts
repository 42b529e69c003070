import { l10n, ProgressLocation, QuickPickItemKind, window, type QuickPickItem } from 'vscode';
import type { LoggedChange, UndoneChange } from '../../protocol/change.js';
import { Requests } from '../../protocol/messages.js';
import { plain } from '../client/errors.js';
import { persistChange, type PersistParts } from './persist.js';

interface ChangeItem extends QuickPickItem {
  readonly change?: LoggedChange;
  readonly all?: true;
}

/** The change log of a host: what was changed, when, and whether it still stands; each can be undone or made to last. */
export async function showChanges(parts: PersistParts, target: string): Promise<void> {
  const label = plain(parts.targets.label(target));
  const { changes } = await parts.server.request(Requests.changes, { target });
  if (changes.length === 0) {
    void window.showInformationMessage(l10n.t('Droplens has changed nothing on {0}.', label));
    return;
  }
  const standing = changes.filter((change) => change.standing === 'in-effect');
  const items: ChangeItem[] = [
    ...(standing.length > 0 ? [{ label: l10n.t('$(discard) Undo all my changes on {0}', label.replaceAll('$(', '$\u200b(')), description: l10n.t('in effect: {0}', standing.length), all: true as const }] : []),
    ...group(l10n.t('In effect'), standing),
    ...group(l10n.t('Not in effect any more'), changes.filter((change) => change.standing !== 'in-effect')),
  ];
  const chosen = await window.showQuickPick(items, { title: l10n.t('Changes on {0}', label), matchOnDescription: true, matchOnDetail: true });
  if (chosen?.all === true) await undoChanges(parts, target, standing);
  else if (chosen?.change !== undefined) await actOn(parts, target, chosen.change);
}

/** Undoes everything that is in effect on a host, after a question. */
export async function undoAll(parts: PersistParts, target: string): Promise<void> {
  const { changes } = await parts.server.request(Requests.changes, { target });
  const standing = changes.filter((change) => change.standing === 'in-effect');
  if (standing.length === 0) {
    void window.showInformationMessage(l10n.t('No change of Droplens is in effect on {0}.', plain(parts.targets.label(target))));
    return;
  }
  await undoChanges(parts, target, standing);
}

function group(title: string, changes: readonly LoggedChange[]): ChangeItem[] {
  if (changes.length === 0) return [];
  return [{ label: title, kind: QuickPickItemKind.Separator }, ...changes.map(itemOf)];
}

function itemOf(change: LoggedChange): ChangeItem {
  const steps = change.steps.map(({ name, before, after }) => `${name}: ${before} → ${after}`).join(', ');
  const files = change.persisted.map(({ path }) => path);
  return {
    label: plain(change.title).replaceAll('$(', '$\u200b('),
    description: `${new Date(change.at).toLocaleString()} · ${standingText(change)}`,
    detail: plain([steps, ...(change.proof === null ? [] : [change.proof.sentence]), ...files].join(' · ')).replaceAll('$(', '$\u200b('),
    change,
  };
}

function standingText({ standing, outcome }: LoggedChange): string {
  if (standing === 'gone') return l10n.t('gone with a restart of the host');
  if (standing === 'undone') return outcome === 'late' ? l10n.t('undone by the host') : outcome === 'failed' ? l10n.t('could not be made') : l10n.t('undone');
  return outcome === 'unheard' ? l10n.t('end unknown') : outcome === 'stuck' ? l10n.t('could not be undone') : l10n.t('kept');
}

async function actOn(parts: PersistParts, target: string, change: LoggedChange): Promise<void> {
  if (change.standing !== 'in-effect') return;
  const undo = { label: l10n.t('Undo'), detail: change.steps.map(({ name, before, after }) => plain(`${name}: ${after} → ${before}`)).join(', ') };
  const persist = { label: l10n.t('Keep it over a reboot…'), detail: l10n.t('Shows the file that would be written first.') };
  const chosen = await window.showQuickPick(change.outcome === 'kept' ? [undo, persist] : [undo], { title: plain(change.title) });
  if (chosen === undo) await undoChanges(parts, target, [change]);
  else if (chosen === persist) await persistChange(parts, target, change.change);
}

async function undoChanges(parts: PersistParts, target: string, changes: readonly LoggedChange[]): Promise<void> {
  const label = plain(parts.targets.label(target));
  const undo = l10n.t('Undo');
  const detail = changes
    .flatMap(({ steps, persisted }) => [...steps.map(({ name, before, after }) => `${name}: ${after} → ${before}`), ...persisted.map(({ path }) => path)])
    .map((line) => plain(line))
    .join('\n');
  if ((await window.showWarningMessage(l10n.t('Undo these changes on {0}?', label), { modal: true, detail }, undo)) !== undo) return;
  const results = await send(parts, target, changes, false);
  const conflicts = results.filter(({ result }) => result === 'conflict');
  tell(label, results.filter((one) => !conflicts.includes(one)));
  if (conflicts.length === 0) return;
  const force = l10n.t('Put back anyway');
  const why = conflicts.map(({ title, text }) => plain(`${title}: ${text}`)).join('\n');
  const answer = await window.showWarningMessage(l10n.t('Somebody else changed these on {0} since.', label), { modal: true, detail: why }, force);
  if (answer !== force) return;
  const ids = new Set(conflicts.map(({ change }) => change));
  tell(label, await send(parts, target, changes.filter(({ change }) => ids.has(change)), true));
}

async function send(parts: PersistParts, target: string, changes: readonly LoggedChange[], force: boolean): Promise<readonly UndoneChange[]> {
  await parts.targets.ensure(target, true);
  const title = l10n.t('Undoing changes on {0}', plain(parts.targets.label(target)));
  const params = { target, changes: changes.map(({ change }) => change), force };
  return (await window.withProgress({ location: ProgressLocation.Notification, title }, () => parts.server.request(Requests.undoChanges, params))).results;
}

function tell(label: string, results: readonly UndoneChange[]): void {
  if (results.length === 0) return;
  const text = plain(results.map(({ title, text: what }) => `${title}: ${what}`).join(' '));
  if (results.some(({ result }) => result === 'failed')) void window.showErrorMessage(l10n.t('Droplens on {0}: {1}', label, text));
  else void window.showInformationMessage(l10n.t('Droplens on {0}: {1}', label, text));
}
