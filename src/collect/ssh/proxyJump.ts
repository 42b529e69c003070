import { english, msg } from '../../core/message.js';
import { TransportError } from '../transport.js';
import { tcpCarrier, type Carrier } from './carrier.js';
import type { HostWish } from './config/hostNames.js';
import type { JumpHost, ResolvedHost } from './config/resolvedHost.js';
import { forwardError, hopError, hopLostError } from './errors.js';
import { openClient, type OpenClient } from './openClient.js';
import { proxyCommandCarrier } from './proxyCommand.js';
import type { SshRequest } from './types.js';

/** The hosts of one connection: the jump hosts, nearest first, and the target. */
export interface Route {
  readonly hops: readonly ResolvedHost[];
  readonly target: ResolvedHost;
}

/** More jump hosts than anybody has; a configuration that leads in a circle ends here at the latest. */
const MAX_HOPS = 8;
/** How long the polite end of a jump host's connection may take. */
const GOODBYE_MS = 2_000;

/**
 * Works out the way to a host as OpenSSH does: `ProxyJump a,b` connects to `b` with `-J a`, so that `b`'s own proxy
 * does not count, and to `a` as its own configuration says, which may name further jump hosts (ssh.c).
 */
export async function planRoute(wish: HostWish, resolve: (wish: HostWish) => Promise<ResolvedHost>): Promise<Route> {
  const plan = async (to: HostWish, inside: readonly string[]): Promise<Route> => {
    const target = await resolve(to);
    const name = `${target.user}@${target.alias.toLowerCase()}:${target.port}`;
    if (inside.includes(name)) throw circle(wish.host, [...inside, name]);
    if (target.proxy.kind !== 'jump') return { hops: [], target };
    const [first, ...others] = target.proxy.jumps;
    if (first === undefined) return { hops: [], target };
    const begin = await plan(wishOf(first), [...inside, name]);
    const hops = [...begin.hops, begin.target];
    for (const jump of others) {
      const hop = await resolve(wishOf(jump));
      // Reached through the one before it.
      hops.push({ ...hop, proxy: { kind: 'direct' }, runs: hop.runs.filter((option) => option !== 'ProxyCommand') });
    }
    if (hops.length > MAX_HOPS) throw tooLong(wish.host);
    return { hops, target };
  };
  return plan(wish, []);
}

/**
 * Opens every connection of a route, each inside the one before it, and answers the last one. Every host's key is
 * verified before anything is sent to it, keys and agents are used on this machine only. Rejects with a
 * {@link TransportError} that names the host; nothing is left open then.
 */
export async function openRoute(route: Route, request: SshRequest): Promise<OpenClient> {
  let below: OpenClient | undefined;
  for (const host of [...route.hops, route.target]) {
    const previous: OpenClient | undefined = below;
    const hop = host === route.target ? null : host.alias;
    try {
      below = await openClient(host, request, {
        hop,
        carry: () => (previous === undefined ? firstCarrier(host, request) : forward(previous, host)),
      });
    } catch (error) {
      if (previous !== undefined) cut(previous);
      throw hop === null ? error : hopError(route.target, host, error);
    }
  }
  if (below === undefined) throw new RangeError('a route has a target');
  return below;
}

function firstCarrier(host: ResolvedHost, request: SshRequest): Promise<Carrier> {
  if (host.proxy.kind !== 'command') return Promise.resolve(tcpCarrier(host));
  if (!request.mayRunPrograms) {
    return Promise.reject(notAllowed(host.alias, ['ProxyCommand']));
  }
  return Promise.resolve(proxyCommandCarrier(host, host.proxy.command, request.machine));
}

/** Options that run programs were met where none may be run. */
export function notAllowed(alias: string, options: readonly string[]): TransportError {
  return new TransportError(
    'unsupported',
    english(msg('The SSH configuration of {0} uses {1}, which runs a program on this machine.', alias, options.join(', '))),
    english(msg('Trust the workspace, and open the host yourself: the program is then run.')),
  );
}

/** A channel to the next host through a connection that is open. */
function forward(below: OpenClient, host: ResolvedHost): Promise<Carrier> {
  let gone = false;
  below.client.once('close', () => {
    gone = true;
  });
  return new Promise((resolve, reject) => {
    const done = (error: Error | undefined, channel: Carrier['stream']): void => {
      if (error !== undefined) {
        reject(forwardError(below.host, host, error));
        return;
      }
      // Nothing that the library reports of a channel is not told by its end.
      channel.on('error', () => undefined);
      resolve({
        stream: channel,
        close: () => leave(below),
        destroy: () => cut(below),
        failure: () => (gone ? hopLostError(host, below.host, below.carrier.failure()) : undefined),
      });
    };
    below.client.on('error', () => undefined);
    try {
      // The address that the connection is said to come from is only for the jump host's log.
      below.client.forwardOut('127.0.0.1', 0, host.hostName, host.port, done);
    } catch (error) {
      reject(forwardError(below.host, host, error instanceof Error ? error : new Error('unknown error')));
    }
  });
}

function leave(below: OpenClient): void {
  const timer = setTimeout(() => below.carrier.destroy(), GOODBYE_MS);
  below.client.once('close', () => clearTimeout(timer));
  below.client.end();
}

function cut(below: OpenClient): void {
  below.client.on('error', () => undefined);
  below.carrier.destroy();
}

function wishOf(jump: JumpHost): HostWish {
  return {
    host: jump.host,
    ...(jump.user === undefined ? {} : { user: jump.user }),
    ...(jump.port === undefined ? {} : { port: jump.port }),
  };
}

function circle(alias: string, names: readonly string[]): TransportError {
  return new TransportError(
    'unsupported',
    english(msg('The jump hosts of {0} lead in a circle: {1}.', alias, names.join(' → '))),
    english(msg('Give the jump host a "Host" block of its own with "ProxyJump none", above the one that names it.')),
  );
}

function tooLong(alias: string): TransportError {
  return new TransportError('unsupported', english(msg('{0} is behind more than {1} jump hosts.', alias, MAX_HOPS)));
}
