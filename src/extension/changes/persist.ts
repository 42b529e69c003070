import { commands, l10n, Uri, window, workspace, type Disposable } from 'vscode';
import type { FileEdit } from '../../protocol/change.js';
import { Requests } from '../../protocol/messages.js';
import { plain } from '../client/errors.js';
import type { ChangeParts } from './apply.js';

const SCHEME = 'droplens-file';

/** The two sides of a preview, as documents that nobody can edit. */
export class Previews implements Disposable {
  readonly #texts = new Map<string, string>();
  readonly #registration: Disposable;

  constructor() {
    this.#registration = workspace.registerTextDocumentContentProvider(SCHEME, {
      provideTextDocumentContent: (uri) => this.#texts.get(uri.toString()) ?? '',
    });
  }

  /** Opens VS Code's diff editor: the host's file as it is, and as it would be. */
  async show(host: string, edit: FileEdit): Promise<void> {
    const side = (name: 'before' | 'after', text: string): Uri => {
      const uri = Uri.from({ scheme: SCHEME, path: edit.path, query: `${edit.edit}&${name}` });
      this.#texts.set(uri.toString(), text);
      return uri;
    };
    const title = l10n.t('{0} on {1}', edit.path, host);
    await commands.executeCommand('vscode.diff', side('before', edit.before ?? ''), side('after', edit.after), title, { preview: true });
  }

  dispose(): void {
    this.#registration.dispose();
  }
}

/** What the log and a runbook's page need for it. */
export interface PersistParts extends ChangeParts {
  readonly previews: Previews;
}

/** Offers the files that keep a change over a reboot on this host, shows the difference, and writes after a yes. */
export async function persistChange(parts: PersistParts, target: string, change: string): Promise<void> {
  const { server, targets, previews } = parts;
  if (!workspace.isTrusted) {
    void window.showErrorMessage(l10n.t('This workspace is not trusted: hosts can be looked at, and not changed.'));
    return;
  }
  await targets.ensure(target, true);
  const label = plain(targets.label(target));
  const offer = await server.request(Requests.persistOffer, { target, change });
  if (offer.kind === 'refused') {
    void window.showErrorMessage(plain([offer.why, offer.how ?? ''].join(' ')));
    return;
  }
  const edit = await chooseEdit(offer.edits, label);
  if (edit === undefined) return;
  await previews.show(label, edit);
  const write = edit.before === null ? l10n.t('Write the file') : l10n.t('Change the file');
  const detail = [
    l10n.t('The difference is shown in the editor.'),
    ...edit.notes.map((note) => plain(note)),
    l10n.t('It can be undone with “Droplens: Undo all my changes on this host”.'),
  ].join('\n');
  const answer = await window.showWarningMessage(l10n.t('{0} on {1}: {2}?', plain(edit.path), label, write), { modal: true, detail }, write);
  if (answer !== write) return;
  const done = await server.request(Requests.persistApply, { target, change, edit: edit.edit });
  if (done.kind === 'refused') void window.showErrorMessage(plain([done.why, done.how ?? ''].join(' ')));
  else void window.showInformationMessage(plain(done.text));
}

async function chooseEdit(edits: readonly FileEdit[], label: string): Promise<FileEdit | undefined> {
  const [only, ...others] = edits;
  if (only !== undefined && others.length === 0) return only;
  const items = edits.map((edit) => ({ label: plain(edit.means), description: plain(edit.path), detail: plain(edit.notes.join(' ')), edit }));
  return (await window.showQuickPick(items, { title: l10n.t('How is it to be kept on {0}?', label) }))?.edit;
}
