import { TransportError } from '../collect/transport.js';
import { english, msg } from '../core/message.js';
import { openDeeper, rootWay, withoutRoot, type Deeper } from '../engine/deeper.js';
import type { OpenedTarget } from '../engine/open.js';
import type { Translate } from '../engine/report.js';

/** Asks a person for a secret; `undefined` when they turn away. */
export type AskSecret = (question: { readonly host: string; readonly prompt: string; readonly echo: boolean }) => Promise<string | undefined>;

/** How often a password may be wrong before the question is given up. */
const TRIES = 3;

/**
 * Becomes root on hosts, for people who agreed to it. A password that sudo wanted is kept in this process's memory, so that it is
 * asked for once in a window, and forgotten when sudo does not take it any more.
 */
export class RootAccess {
  readonly #passwords = new Map<string, string>();
  readonly #ask: AskSecret;
  readonly #translate: Translate;

  constructor(ask: AskSecret, translate: Translate) {
    this.#ask = ask;
    this.#translate = translate;
  }

  /**
   * What root sees of the next window; where root cannot be had, why not: a diagnosis without it is better than none.
   * Rejects only when it is cancelled or the connection is lost.
   */
  async open(opened: OpenedTarget, seconds: number, signal: AbortSignal): Promise<Deeper> {
    try {
      const known = this.#passwords.get(opened.uri);
      if (known === undefined) return await openDeeper(opened, rootWay(opened), seconds, signal);
      return await openDeeper(opened, { kind: 'password', password: known }, seconds, signal);
    } catch (error) {
      this.#passwords.delete(opened.uri);
      return error instanceof TransportError && error.reason === 'authentication' ? await this.#withPassword(opened, seconds, signal) : refused(error);
    }
  }

  async #withPassword(opened: OpenedTarget, seconds: number, signal: AbortSignal): Promise<Deeper> {
    const host = opened.session.host.name;
    for (let tries = 1; ; tries += 1) {
      const prompt = tries === 1 ? msg('Password for sudo on {0}. It is kept in memory only, until this window is closed.', host) : msg('sudo on {0} did not accept it. Password for sudo, once more.', host);
      const password = await this.#ask({ host, prompt: this.#translate(prompt), echo: false });
      if (signal.aborted) throw new TransportError('cancelled', english(msg('Cancelled.')));
      if (password === undefined) return withoutRoot(msg('sudo wanted a password, and none was given'), undefined);
      try {
        const deeper = await openDeeper(opened, { kind: 'password', password }, seconds, signal);
        this.#passwords.set(opened.uri, password);
        return deeper;
      } catch (error) {
        if (!(error instanceof TransportError) || error.reason !== 'authentication' || tries === TRIES) return refused(error);
      }
    }
  }
}

function refused(error: unknown): Deeper {
  if (!(error instanceof TransportError) || error.reason === 'cancelled' || error.reason === 'lost') throw error;
  return withoutRoot(msg('{0}', error.message), error.how === undefined ? undefined : msg('{0}', error.how));
}
