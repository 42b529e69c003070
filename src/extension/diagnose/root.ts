import { l10n, window } from 'vscode';
import { Requests } from '../../protocol/messages.js';
import { plain } from '../client/errors.js';
import type { Server } from '../client/server.js';

/** What a person says to looking deeper as root. */
export type RootAnswer = 'once' | 'window' | 'no';

/**
 * Who agreed that Droplens looks deeper as root, on which hosts. Known until the window is closed, and nowhere else: the next
 * window asks again. Nothing runs as root on a host that is not in here.
 */
export class RootConsent {
  readonly #answers = new Map<string, 'window' | 'no'>();
  readonly #server: Server;

  constructor(server: Server) {
    this.#server = server;
  }

  /** Whether the person agreed for as long as this window is open. */
  agreed(target: string): boolean {
    return this.#answers.get(target) === 'window';
  }

  /** Whether it may still be offered: a “no” is not asked about again. */
  offers(target: string): boolean {
    return !this.#answers.has(target);
  }

  /** Shows every command that will run, and asks. `once` is good for one diagnosis. */
  async ask(target: string, label: string): Promise<RootAnswer> {
    const { commands } = await this.#server.request(Requests.rootCommands, {});
    const once = { title: l10n.t('This time') };
    const always = { title: l10n.t('For this window') };
    const no = { title: l10n.t('No'), isCloseAffordance: true };
    const detail = [
      l10n.t('These commands run as root, at the beginning and at the end of the diagnosis. They only read; nothing is installed, and nothing is left behind. Where sudo wants a password, you are asked for it; it is kept in memory only.'),
      '',
      ...commands.map(({ line, why }) => `${plain(line)}  – ${plain(why)}`),
    ].join('\n');
    const answer = await window.showWarningMessage(l10n.t('Look deeper as root on {0}?', plain(label)), { modal: true, detail }, once, always, no);
    if (answer === always) this.#answers.set(target, 'window');
    if (answer === no) this.#answers.set(target, 'no');
    return answer === once ? 'once' : answer === always ? 'window' : 'no';
  }
}
