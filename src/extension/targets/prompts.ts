import { l10n, window } from 'vscode';
import { ServerNotifications, ServerRequests } from '../../protocol/messages.js';
import { plain } from '../client/errors.js';
import type { Server } from '../client/server.js';
import type { SecretAnswers } from './secretAnswers.js';

/** Answers what the server asks a person while it connects. */
export function answerPrompts(server: Server, secrets: SecretAnswers): void {
  server.onRequest(ServerRequests.askHostKey, async ({ asked, host, keyType, fingerprint, hop, alreadyKnown }) => {
    const trust = l10n.t('Trust this host key');
    const detail = [
      // The key belongs to an address, or to a jump host; the person knows the name that they asked for.
      ...(host === asked || hop !== null ? [] : [l10n.t('“{0}” is at {1}.', plain(asked), plain(host))]),
      ...(hop === null ? [] : [l10n.t('{0} is a jump host on the way to “{1}”.', plain(host), plain(asked))]),
      l10n.t('{0} key fingerprint is {1}.', plain(keyType), plain(fingerprint)),
      ...(alreadyKnown.length === 0
        ? []
        : [l10n.t('Careful: another key of this host is on record ({0}). Its owner may have added this one, or somebody else answers.', plain(alreadyKnown.join(', ')))]),
      l10n.t('Compare the fingerprint with the one that the host’s owner gives you. Whoever holds another key could read and change everything.'),
    ].join('\n');
    const answer = await window.showWarningMessage(
      l10n.t('The authenticity of host “{0}” can’t be established. Do you want to continue connecting?', plain(hop ?? asked)),
      { modal: true, detail },
      trust,
    );
    return { trust: answer === trust };
  });
  server.onRequest(ServerRequests.askSecret, async (question, token) => ({ value: await secrets.answer(question, token) }));
  server.onNotification(ServerNotifications.secretProved, (verdict) => void secrets.proved(verdict));
}
