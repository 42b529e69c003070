import { l10n, window } from 'vscode';
import { ServerRequests } from '../../protocol/messages.js';
import { plain } from '../client/errors.js';
import type { Server } from '../client/server.js';

/** Answers what the server asks a person while it connects. Nothing that is typed here is kept. */
export function answerPrompts(server: Server): void {
  server.onRequest(ServerRequests.askHostKey, async ({ host, keyType, fingerprint, hop }) => {
    const trust = l10n.t('Trust this host key');
    const detail = [
      l10n.t('{0} key fingerprint is {1}.', plain(keyType), plain(fingerprint)),
      ...(hop === null ? [] : [l10n.t('It is asked for on the way to {0}.', plain(hop))]),
      l10n.t('Compare the fingerprint with the one that the host’s owner gives you. Whoever holds another key could read and change everything.'),
    ].join('\n');
    const answer = await window.showWarningMessage(
      l10n.t('The authenticity of host “{0}” can’t be established. Do you want to continue connecting?', plain(host)),
      { modal: true, detail },
      trust,
    );
    return { trust: answer === trust };
  });
  server.onRequest(ServerRequests.askSecret, async ({ host, prompt, echo }) => {
    const value = await window.showInputBox({
      title: l10n.t('Droplens: {0}', plain(host)),
      prompt: plain(prompt),
      password: !echo,
      ignoreFocusOut: true,
    });
    return { value: value ?? null };
  });
}
