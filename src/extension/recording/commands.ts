import { join } from 'node:path';
import { homedir } from 'node:os';
import { l10n, Uri, window, workspace } from 'vscode';
import { Requests } from '../../protocol/messages.js';
import { isCancelled, plain } from '../client/errors.js';
import { watch, type DiagnoseParts } from '../diagnose/diagnose.js';
import { targetKind } from '../targets/address.js';
import { connectVisibly } from '../targets/commands.js';

const FILES = (): Record<string, string[]> => ({ [l10n.t('Droplens recordings')]: ['droplens'] });

/** Diagnoses a host and saves what was seen, with the verdict, where the person says. */
export async function recordHost(parts: DiagnoseParts, target: string): Promise<void> {
  if (targetKind(target) !== 'recording') {
    try {
      await watch(parts, target, parts.consent.agreed(target));
    } catch (error) {
      if (isCancelled(error)) return;
      throw error;
    }
  }
  await saveAs(parts, target, undefined);
}

/** Opens a recording as a target beside the others. */
export async function openRecording({ server, targets }: DiagnoseParts): Promise<void> {
  const chosen = await window.showOpenDialog({ title: l10n.t('Open recording'), filters: FILES(), canSelectMany: false });
  const [file] = chosen ?? [];
  if (file === undefined) return;
  const path = pathOf(file);
  const { target } = await server.request(Requests.openRecording, { path });
  if (await connectVisibly(targets, target, targets.list().includes(target))) await targets.add(target);
}

/** Shows the incident report as a document that is not saved yet, and offers to save the recording beside it. */
export async function writeReport(parts: DiagnoseParts, target: string): Promise<void> {
  const { server, targets } = parts;
  const redact = await askRedaction(l10n.t('Write incident report'));
  if (redact === undefined) return;
  const { timeZone } = new Intl.DateTimeFormat().resolvedOptions();
  const { markdown } = await server.request(Requests.incident, { target, redact, timeZone });
  await window.showTextDocument(await workspace.openTextDocument({ language: 'markdown', content: markdown }));
  const save = l10n.t('Save recording…');
  const text = l10n.t('Droplens: the incident report of {0} is written. Save the recording that it was made from, too?', plain(targets.label(target)));
  // Not awaited: the report is there, whenever the person turns to the notification.
  void window.showInformationMessage(text, save).then((answer) => (answer === save ? saveAs(parts, target, redact) : undefined));
}

async function saveAs({ server, targets }: DiagnoseParts, target: string, known: boolean | undefined): Promise<void> {
  const redact = known ?? (await askRedaction(l10n.t('Save recording')));
  if (redact === undefined) return;
  const label = targets.label(target);
  const file = await window.showSaveDialog({ title: l10n.t('Save recording of {0}', plain(label)), filters: FILES(), defaultUri: suggested(redact ? 'recording' : label) });
  if (file === undefined) return;
  const path = pathOf(file);
  await server.request(Requests.saveRecording, { target, path, redact });
  void window.showInformationMessage(l10n.t('Droplens: recorded to {0}.', plain(path)));
}

/** Whether names and addresses are to be replaced; `undefined`: the person turned away. */
async function askRedaction(title: string): Promise<boolean | undefined> {
  const chosen = await window.showQuickPick(
    [
      { label: l10n.t('As it is'), description: l10n.t('for yourself and your team'), redact: false },
      {
        label: l10n.t('Redacted'),
        description: l10n.t('for others'),
        detail: l10n.t('Names of hosts and users, addresses, and what looks like a secret are replaced, each by the same word everywhere. Look it through before you share it.'),
        redact: true,
      },
    ],
    { title },
  );
  return chosen?.redact;
}

/** The server reads and writes files itself, where it runs. */
function pathOf(file: Uri): string {
  if (file.scheme !== 'file') throw new Error(l10n.t('{0} is not on this machine.', file.toString(true)));
  return file.fsPath;
}

function suggested(label: string): Uri {
  const name = label.replace(/[^A-Za-z0-9._-]+/g, '-').replace(/^[-.]+|-+$/g, '').slice(0, 80);
  const folder = workspace.workspaceFolders?.find(({ uri }) => uri.scheme === 'file')?.uri.fsPath ?? homedir();
  return Uri.file(join(folder, `${name === '' ? 'recording' : name}.droplens`));
}
