import { join } from 'node:path';
import { localTransport } from '../collect/local.js';
import { enterNamespace, type NamespaceEntry } from '../collect/namespace.js';
import { openSession, type ProbeSession } from '../collect/session.js';
import type { SshAsker, SshTransport } from '../collect/ssh/types.js';
import { formatTarget, type Target } from '../collect/target.js';
import type { Transport } from '../collect/transport.js';
import { parserFor } from '../core/parse/index.js';

/** What opening a target needs of the outside. */
export interface OpenOptions {
  readonly asker: SshAsker;
  /** Folder in which accepted host keys are remembered. */
  readonly storage: string;
  /** Whether a person started this and can be asked. */
  readonly interactive: boolean;
  /** Programs of interest beside those that the probe itself uses: those of the runbooks' commands. */
  readonly tools: readonly string[];
  readonly signal?: AbortSignal;
}

/** A connected target with a running probe. */
export interface OpenedTarget {
  readonly uri: string;
  readonly transport: Transport;
  readonly session: ProbeSession;
  /** What stands before a command so that it runs in the target's namespace. */
  readonly entry: NamespaceEntry;
  /** The same connection, when it is SSH: it can also open a terminal. */
  readonly ssh: SshTransport | undefined;
  dispose(): Promise<void>;
}

/** Connects, enters the namespace, starts the probe. Rejects with a TransportError for people; leaves nothing open then. */
export async function openTarget(target: Target, options: OpenOptions): Promise<OpenedTarget> {
  const ssh = target.kind === 'ssh' ? await connect(target, options) : undefined;
  const transport = ssh ?? localTransport();
  try {
    const host = target.kind === 'ssh' ? target.host : 'this machine';
    const entry = await enterNamespace(transport, target.namespace, host, options.signal);
    const session = await openSession(transport, {
      host,
      parserFor,
      prefix: entry.prefix,
      inNamespace: entry.inNamespace,
      tools: options.tools,
      ...(options.signal ? { signal: options.signal } : {}),
    });
    return {
      uri: formatTarget(target),
      transport,
      session,
      entry,
      ssh,
      dispose: async () => {
        await session.close();
        await transport.dispose();
      },
    };
  } catch (error) {
    await transport.dispose();
    throw error;
  }
}

async function connect(target: Extract<Target, { kind: 'ssh' }>, options: OpenOptions): Promise<SshTransport> {
  // Loaded with the first SSH target: the library is larger than the rest of the program.
  const { connectSsh, fileHostKeyStore, thisMachine } = await import('../collect/ssh/entry.js');
  return connectSsh({
    host: target.host,
    ...(target.user === undefined ? {} : { user: target.user }),
    ...(target.port === undefined ? {} : { port: target.port }),
    asker: options.asker,
    interactive: options.interactive,
    machine: thisMachine(),
    ownStore: fileHostKeyStore(join(options.storage, 'host-keys.json')),
    ...(options.signal ? { signal: options.signal } : {}),
  });
}
