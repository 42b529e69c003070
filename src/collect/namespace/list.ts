import { english, msg } from '../../core/message.js';
import { foundNamespaces, type FoundNamespace } from '../../core/namespaces/found.js';
import { parseListing, type Listing } from '../../core/namespaces/listing.js';
import { runScript } from '../run.js';
import { TransportError, type Transport } from '../transport.js';
import { LISTING } from './script.js';

/** What a host's network namespaces are, other than the one in which its shell runs. */
export interface HostNamespaces {
  readonly found: readonly FoundNamespace[];
  /** Whether root asked: others see the namespaces of their own processes only. */
  readonly root: boolean;
  /** Processes whose namespace could not be seen. */
  readonly unread: number;
  readonly tools: Listing['tools'];
}

const SECONDS = 10;
const MOST_BYTES = 1024 * 1024;

/**
 * Lists the network namespaces of a host with what is in them: by one script, without any tool of a container engine.
 * Rejects with a {@link TransportError}: `timeout` when the host did not answer in time, `cancelled`, or what running a
 * script rejects with.
 */
export async function listNamespaces(transport: Transport, host: string, signal?: AbortSignal): Promise<HostNamespaces> {
  const outcome = await runScript(transport, { script: LISTING, env: new Map(), timeoutSeconds: SECONDS, maxBytes: MOST_BYTES }, signal);
  if (outcome.kind === 'cancelled') throw new TransportError('cancelled', english(msg('Cancelled.')));
  const listing = parseListing(outcome.output);
  if (outcome.timedOut && listing.namespaces.length === 0) {
    throw new TransportError('timeout', english(msg('{0} did not list its network namespaces within {1} s.', host, SECONDS)));
  }
  return { found: foundNamespaces(listing), root: listing.root, unread: listing.root ? 0 : listing.unread, tools: listing.tools };
}
