import { l10n, window, type QuickPickItem } from 'vscode';
import { ClientNotifications, Requests } from '../../protocol/messages.js';
import { plain } from '../client/errors.js';
import type { Server } from '../client/server.js';
import type { KeptName, KeptSecrets } from './secrets.js';

interface SecretItem extends QuickPickItem {
  /** `undefined`: all of them. */
  readonly name: KeptName | undefined;
}

/** Forgets one kept password or passphrase, or all, with those for sudo in the server's memory. Connections that are open stay open. */
export async function forgetCredentials(kept: KeptSecrets, server: Server): Promise<void> {
  const forgetAll = async (): Promise<void> => {
    await kept.dropAll();
    // A server that is not running has no memory.
    if (server.state.kind === 'running') await server.notify(ClientNotifications.forgetPasswords, {});
  };
  const names = await kept.list();
  if (names.length === 0) {
    // What cannot be read is not listed, and is to go all the same.
    await forgetAll();
    await window.showInformationMessage(l10n.t('Droplens keeps no credentials.'));
    return;
  }
  const all: SecretItem = { label: l10n.t('All saved credentials'), description: String(names.length), name: undefined };
  const items = names.map((name): SecretItem => ({ label: plain(name.label), description: kindOf(name), detail: plain(name.fingerprint), name }));
  const chosen = await window.showQuickPick([all, ...items], { title: l10n.t('Forget saved credentials'), placeHolder: l10n.t('Which ones?') });
  if (chosen === undefined) return;
  if (chosen.name === undefined) await forgetAll();
  else await kept.drop(chosen.name.id);
  // Not awaited: the command is done, whenever the person looks at the message.
  void window.showInformationMessage(
    chosen.name === undefined
      ? l10n.t('All saved credentials are forgotten. Open connections stay open.')
      : l10n.t('The {0} of {1} is forgotten. Open connections stay open.', kindOf(chosen.name), plain(chosen.name.label)),
  );
}

function kindOf({ kind }: KeptName): string {
  return kind === 'password' ? l10n.t('password') : l10n.t('passphrase');
}

/** Forgets a host key that was accepted here, so that the host is unknown again and its next key is asked about. */
export async function forgetHostKey(server: Server): Promise<void> {
  const { keys } = await server.request(Requests.hostKeys, {});
  if (keys.length === 0) {
    await window.showInformationMessage(l10n.t('No host key was accepted here. Keys in known_hosts are removed with “ssh-keygen -R”.'));
    return;
  }
  const items = keys.map((key) => ({ label: plain(key.host), description: plain(key.keyType), detail: plain(key.fingerprint), key }));
  const chosen = await window.showQuickPick(items, {
    title: l10n.t('Forget saved host key'),
    placeHolder: l10n.t('The key of which host?'),
    matchOnDetail: true,
  });
  if (chosen === undefined) return;
  const { host, keyType, fingerprint } = chosen.key;
  const forget = l10n.t('Forget This Key');
  const answer = await window.showWarningMessage(
    l10n.t('Forget the host key of {0}?', plain(host)),
    {
      modal: true,
      detail: l10n.t(
        '{0} {1}\nForget it only when you know why the host has another key. The next connection shows the key that the host has then, and asks.',
        plain(keyType),
        plain(fingerprint),
      ),
    },
    forget,
  );
  if (answer !== forget) return;
  const { forgotten } = await server.request(Requests.forgetHostKey, { host, fingerprint });
  void window.showInformationMessage(
    forgotten ? l10n.t('The host key of {0} is forgotten.', plain(host)) : l10n.t('The host key of {0} was not on record any more.', plain(host)),
  );
}
