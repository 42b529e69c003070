import { EventEmitter, l10n, type CancellationToken } from 'vscode';
import { Requests } from '../../protocol/messages.js';
import { isCancelled, sentence } from '../client/errors.js';
import type { Server } from '../client/server.js';
import { LOCAL_TARGET } from '../ids.js';
import { targetKind, targetParts, type TargetParts } from './address.js';
import type { SavedTargets } from './saved.js';

/** What is known of a connected host. `uid` is `null` where the host does not say. */
export interface Host {
  readonly name: string;
  readonly kernel: string;
  readonly uid: number | null;
  /** When it was recorded, in milliseconds since the epoch; `null` for a host itself. */
  readonly recorded: number | null;
}

export type Connection =
  | { readonly kind: 'idle' }
  | { readonly kind: 'connecting' }
  | { readonly kind: 'connected'; readonly host: Host }
  | { readonly kind: 'failed'; readonly why: string };

export type Local = { readonly available: true; readonly host: string } | { readonly available: false; readonly why: string };

const IDLE: Connection = { kind: 'idle' };

/** A target in the words of a person. */
function labelOf({ host, inside }: TargetParts): string {
  switch (inside?.kind) {
    case undefined:
      return host;
    case 'container':
      return l10n.t('{0} · container on {1}', inside.name, host);
    case 'service':
      return l10n.t('{0} · service on {1}', inside.name, host);
    case 'netns':
      return l10n.t('{0} · namespace on {1}', inside.name, host);
    case 'pid':
      return l10n.t('process {0} on {1}', inside.name, host);
  }
}

/** The hosts that can be looked at, and whether there is a connection to each. */
export class Targets {
  readonly #connections = new Map<string, Connection>();
  readonly #pending = new Map<string, { readonly interactive: boolean; readonly done: Promise<Host> }>();
  readonly #changed = new EventEmitter<string | undefined>();
  #local: Promise<Local> | undefined;
  #known: Local | undefined;

  /** A target's connection changed; `undefined`: the list of targets did. */
  readonly onDidChange = this.#changed.event;

  constructor(
    private readonly server: Server,
    private readonly saved: SavedTargets,
  ) {
    server.onState(({ kind }) => {
      if (kind === 'restarting' || kind === 'failed' || kind === 'idle') this.#forget();
    });
  }

  /** Whether this machine can be looked at; asked once per process of the server. */
  local(): Promise<Local> {
    this.#local ??= this.server.request(Requests.local, {}).then(
      (local) => {
        this.#known = local;
        this.#changed.fire(undefined);
        return local;
      },
      (error: unknown) => {
        this.#local = undefined;
        throw error;
      },
    );
    return this.#local;
  }

  /** `undefined` until the server has said. */
  get knownLocal(): Local | undefined {
    return this.#known;
  }

  /** This machine first, then the saved ones. A saved namespace of this machine needs this machine. */
  list(): readonly string[] {
    const here = this.#known?.available === true;
    const saved = this.saved.all().filter((target) => here || targetKind(target) !== 'local');
    return here ? [LOCAL_TARGET, ...saved] : saved;
  }

  connection(target: string): Connection {
    return this.#connections.get(target) ?? IDLE;
  }

  /** The name by which people know the target: the host's own once it is known. */
  label(target: string): string {
    const connection = this.connection(target);
    if (connection.kind === 'connected' && target === LOCAL_TARGET) return connection.host.name;
    if (connection.kind === 'connected' && connection.host.recorded !== null) {
      return l10n.t('{0}, recorded {1}', connection.host.name, new Date(connection.host.recorded).toLocaleString());
    }
    return labelOf(targetParts(target, this.#known?.available === true ? this.#known.host : 'localhost'));
  }

  /**
   * Connects, or answers with the connection that exists. Two callers share one attempt, unless the second may ask the
   * person and the first may not. Rejects with a sentence.
   */
  async ensure(target: string, interactive: boolean, token?: CancellationToken): Promise<Host> {
    const connection = this.connection(target);
    if (connection.kind === 'connected') return connection.host;
    const pending = this.#pending.get(target);
    if (pending !== undefined && (pending.interactive || !interactive)) return pending.done;
    if (pending !== undefined) await pending.done.catch(() => undefined);
    const settled = this.connection(target);
    if (settled.kind === 'connected') return settled.host;
    const done = this.#connect(target, interactive, token);
    this.#pending.set(target, { interactive, done });
    try {
      return await done;
    } finally {
      this.#pending.delete(target);
    }
  }

  async add(target: string): Promise<void> {
    if (target !== LOCAL_TARGET) await this.saved.add(target);
    this.#changed.fire(undefined);
  }

  async remove(target: string): Promise<void> {
    await this.saved.remove(target);
    const connected = this.connection(target).kind === 'connected';
    this.#connections.delete(target);
    this.#changed.fire(undefined);
    if (connected) await this.server.request(Requests.disconnect, { target });
  }

  /** Drops a connection that failed or went stale and makes it anew, asking where need be. */
  async reconnect(target: string, token?: CancellationToken): Promise<Host> {
    if (this.connection(target).kind === 'connected') {
      await this.server.request(Requests.disconnect, { target }).catch(() => undefined);
      this.#set(target, IDLE);
    }
    return await this.ensure(target, true, token);
  }

  /** The server's process is gone, and every connection with it. */
  #forget(): void {
    this.#connections.clear();
    this.#local = undefined;
    this.#changed.fire(undefined);
  }

  async #connect(target: string, interactive: boolean, token: CancellationToken | undefined): Promise<Host> {
    this.#set(target, { kind: 'connecting' });
    try {
      const host = await this.server.request(Requests.connect, { target, interactive }, token);
      this.#set(target, { kind: 'connected', host });
      return host;
    } catch (error) {
      this.#set(target, isCancelled(error) ? IDLE : { kind: 'failed', why: sentence(error) });
      throw error;
    }
  }

  #set(target: string, connection: Connection): void {
    this.#connections.set(target, connection);
    this.#changed.fire(target);
  }
}
