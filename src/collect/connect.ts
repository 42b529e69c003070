import { hostname } from 'node:os';
import type { Parser } from '../core/facts.js';
import type { SourceId } from '../core/sources.js';
import { localTransport } from './local.js';
import { enterNamespace, type NamespaceEntry } from './namespace.js';
import { openSession, type ProbeSession } from './session.js';
import type { Target } from './target.js';
import type { Transport } from './transport.js';

export type SshTarget = Extract<Target, { readonly kind: 'ssh' }>;

export interface ConnectOptions {
  /** Opens the connection to an SSH host; rejects with a TransportError. */
  readonly ssh: (target: SshTarget, signal: AbortSignal | undefined) => Promise<Transport>;
  readonly parserFor: (id: SourceId) => Parser | undefined;
  /** Programs whose presence on the host is of interest, beside those of the sources. */
  readonly tools?: readonly string[];
  readonly signal?: AbortSignal;
}

/** A target that is connected: its probe runs, and other programs can be started beside it. */
export interface Connection {
  readonly session: ProbeSession;
  readonly transport: Transport;
  /** The way into the target's namespace, for programs that are started through `transport`. */
  readonly entry: NamespaceEntry;
  /** Ends the probe and all that was started, and closes the connection. */
  close(): Promise<void>;
}

/**
 * Connects to a target and starts its probe. Rejects with a TransportError; nothing is left open or running then.
 */
export async function connectTarget(target: Target, options: ConnectOptions): Promise<Connection> {
  const { signal } = options;
  const host = target.kind === 'local' ? hostname() : target.host;
  const transport = target.kind === 'local' ? localTransport() : await options.ssh(target, signal);
  try {
    const entry = await enterNamespace(transport, target.namespace, host, signal);
    const session = await openSession(transport, {
      host,
      parserFor: options.parserFor,
      ...entry,
      ...(options.tools === undefined ? {} : { tools: options.tools }),
      ...(signal === undefined ? {} : { signal }),
    });
    return {
      session,
      transport,
      entry,
      async close() {
        await session.close();
        await transport.dispose();
      },
    };
  } catch (error) {
    await transport.dispose();
    throw error;
  }
}
