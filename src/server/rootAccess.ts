import { asRoot, type RootWay } from '../collect/privileged/rootTransport.js';
import { TransportError, type Transport } from '../collect/transport.js';
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

  /** The next look asks for passwords again. */
  forget(): void {
    this.#passwords.clear();
  }

  /**
   * What root sees of the next window; where root cannot be had, why not: a diagnosis without it is better than none.
   * Rejects only when it is cancelled or the connection is lost.
   */
  async open(opened: OpenedTarget, seconds: number, signal: AbortSignal): Promise<Deeper> {
    try {
      return await this.#as(opened, signal, (way) => openDeeper(opened, way, seconds, signal));
    } catch (error) {
      return refused(error);
    }
  }

  /** A transport whose programs run as root. Rejects with a TransportError for people where root cannot be had. */
  async become(opened: OpenedTarget, signal: AbortSignal): Promise<Transport> {
    return this.#as(opened, signal, async (way) => {
      const transport = asRoot(opened.transport, way, opened.session.host.name);
      if (way.kind !== 'root') await succeeds(transport, signal);
      return transport;
    });
  }

  /** Tries without a password, or with the one that is known, and asks where that does not do. */
  async #as<T>(opened: OpenedTarget, signal: AbortSignal, attempt: (way: RootWay) => Promise<T>): Promise<T> {
    try {
      const known = this.#passwords.get(opened.uri);
      return await attempt(known === undefined ? rootWay(opened) : { kind: 'password', password: known });
    } catch (error) {
      this.#passwords.delete(opened.uri);
      if (!wantsPassword(error)) throw error;
      return this.#withPassword(opened, signal, attempt);
    }
  }

  async #withPassword<T>(opened: OpenedTarget, signal: AbortSignal, attempt: (way: RootWay) => Promise<T>): Promise<T> {
    const host = opened.session.host.name;
    for (let tries = 1; ; tries += 1) {
      const prompt = tries === 1 ? msg('Password for sudo on {0}. It is kept in memory only, until this window is closed.', host) : msg('sudo on {0} did not accept it. Password for sudo, once more.', host);
      const password = await this.#ask({ host, prompt: this.#translate(prompt), echo: false });
      if (signal.aborted) throw new TransportError('cancelled', english(msg('Cancelled.')));
      if (password === undefined) throw new TransportError('not-permitted', english(msg('sudo wanted a password, and none was given')));
      try {
        const result = await attempt({ kind: 'password', password });
        this.#passwords.set(opened.uri, password);
        return result;
      } catch (error) {
        if (!wantsPassword(error) || tries === TRIES) throw error;
      }
    }
  }
}

function wantsPassword(error: unknown): boolean {
  return error instanceof TransportError && error.reason === 'authentication';
}

/** Whether anything can be started this way at all. */
async function succeeds(transport: Transport, signal: AbortSignal): Promise<void> {
  const trying = await transport.spawn(['true'], signal);
  trying.end();
  await trying.exit;
}

function refused(error: unknown): Deeper {
  if (!(error instanceof TransportError) || error.reason === 'cancelled' || error.reason === 'lost') throw error;
  return withoutRoot(msg('{0}', error.message), error.how === undefined ? undefined : msg('{0}', error.how));
}
