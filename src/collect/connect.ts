import { hostname } from 'node:os';
import type { Parser } from '../core/facts.js';
import { SOURCES, type SourceId, type Tier } from '../core/sources.js';
import { localTransport } from './local.js';
import { enterNamespace, type NamespaceEntry } from './namespace/enter.js';
import { inhabitedSource, InhabitedSession, withInhabitedParser } from './namespace/inhabited.js';
import type { ProbeTap } from './probe/sample.js';
import { openSession, type ProbeSession } from './session.js';
import type { HostTarget, Target } from './target.js';
import type { Transport } from './transport.js';

export type SshTarget = Extract<Target, { readonly kind: 'ssh' }>;

export interface ConnectOptions {
  /** Opens the connection to an SSH host; rejects with a TransportError. */
  readonly ssh: (target: SshTarget, signal: AbortSignal | undefined) => Promise<Transport>;
  readonly parserFor: (id: SourceId) => Parser | undefined;
  /** Programs whose presence on the host is of interest, beside those of the sources. */
  readonly tools?: readonly string[];
  /** What is asked for as soon as the probe runs: see `SessionOptions.first`. */
  readonly first?: ReadonlySet<Tier>;
  /** Listens to the probe, and to each that takes its place. */
  readonly tap?: ProbeTap;
  readonly signal?: AbortSignal;
}

/** A target that is connected: its probe runs, and other programs can be started beside it. */
export interface Connection {
  /** The latest probe; it may have ended while the connection is in order, see {@link renew}. */
  readonly session: ProbeSession;
  readonly transport: Transport;
  /** The way into the target's namespace, for programs that are started through `transport`. */
  readonly entry: NamespaceEntry;
  /**
   * Where the probe has ended (it hung, it was killed), starts another over the same connection; else does nothing. Calls
   * made at the same time share one attempt. Rejects with a TransportError, which says nothing about the connection.
   */
  renew(): Promise<void>;
  /** Ends the probe and all that was started, and closes the connection. */
  close(): Promise<void>;
}

/**
 * Connects to a target and starts its probe. Rejects with a TransportError; nothing is left open or running then.
 */
export async function connectTarget(target: HostTarget, options: ConnectOptions): Promise<Connection> {
  const { signal } = options;
  const host = target.kind === 'local' ? hostname() : target.host;
  const transport = target.kind === 'local' ? localTransport() : await options.ssh(target, signal);
  try {
    // The way in is found anew with each probe: a container that was started again is another process.
    const start = async (abort: AbortSignal | undefined): Promise<Started> => {
      const entry = await enterNamespace(transport, target.namespace, host, abort);
      const { pid, prefix, inNamespace } = entry;
      const session = await openSession(transport, {
        host,
        prefix,
        inNamespace,
        parserFor: withInhabitedParser(options.parserFor),
        ...(pid === undefined ? {} : { sources: [...SOURCES, inhabitedSource(pid)] }),
        ...(options.tools === undefined ? {} : { tools: options.tools }),
        ...(options.first === undefined ? {} : { first: options.first }),
        ...(options.tap === undefined ? {} : { tap: options.tap }),
        ...(abort === undefined ? {} : { signal: abort }),
      });
      return { entry, session: pid === undefined ? session : new InhabitedSession(session, pid, host) };
    };
    return new Connected(transport, start, await start(signal));
  } catch (error) {
    await transport.dispose();
    throw error;
  }
}

/** A probe that runs, and the way to where it runs. */
interface Started {
  readonly entry: NamespaceEntry;
  readonly session: ProbeSession;
}

class Connected implements Connection {
  readonly #start: (signal: AbortSignal) => Promise<Started>;
  readonly #closing = new AbortController();
  #started: Started;
  #renewal: Promise<void> | undefined;

  constructor(
    readonly transport: Transport,
    start: (signal: AbortSignal) => Promise<Started>,
    started: Started,
  ) {
    this.#start = start;
    this.#started = started;
  }

  get session(): ProbeSession {
    return this.#started.session;
  }

  get entry(): NamespaceEntry {
    return this.#started.entry;
  }

  renew(): Promise<void> {
    if (this.session.ended === undefined) return Promise.resolve();
    this.#renewal ??= this.#restart().finally(() => {
      this.#renewal = undefined;
    });
    return this.#renewal;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.session.close();
    await this.transport.dispose();
  }

  async #restart(): Promise<void> {
    this.#started = await this.#start(this.#closing.signal);
  }
}
