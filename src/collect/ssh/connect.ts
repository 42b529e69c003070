import { chooseClient } from './chooseClient.js';
import { hasSsh, hostFacts } from './clientFacts.js';
import { mayRunMatchExec } from './config/matchExec.js';
import { resolveHost } from './config/resolveHost.js';
import { cancelledError } from './errors.js';
import { notAllowed, openRoute, planRoute, type Route } from './proxyJump.js';
import { Ssh2Transport } from './ssh2Transport.js';
import { connectSystem } from './system/connect.js';
import type { SshRequest, SshTransport } from './types.js';

/**
 * Connects to a host: configuration, choice of the program, then for every host on the way its key and after it
 * authentication, in this order. Rejects with a `TransportError`; when it does, nothing is left open.
 */
export async function connectSsh(request: SshRequest): Promise<SshTransport> {
  const { machine, mayRunPrograms, signal } = request;
  if (signal?.aborted === true) throw cancelledError(request.host);
  const route = await planRoute(wishOf(request), (wish) => resolveHost(wish, { machine, mayRunPrograms, signal }));
  const hosts = [route.target, ...route.hops];
  const [ssh, ...facts] = await Promise.all([hasSsh(machine), ...hosts.map((host) => hostFacts(host, request))]);
  const way = facts.map((known, index) => ({ host: hosts[index] ?? route.target, facts: known }));
  const backend = chooseClient(way, request.client, { hasSsh: ssh, hasShell: process.platform !== 'win32' });
  if (backend.client === 'system') {
    await checkPrograms(route, request);
    return connectSystem(request, route, backend.why);
  }
  const { client, carrier } = await openRoute(route, request);
  return new Ssh2Transport(client, carrier, route.target);
}

/** The system's ssh does what the configuration says, programs and libraries included. */
async function checkPrograms(route: Route, request: SshRequest): Promise<void> {
  if (request.mayRunPrograms) return;
  for (const host of [route.target, ...route.hops]) {
    if (host.runs.length > 0) throw notAllowed(host.alias, host.runs);
  }
  if (await mayRunMatchExec(request.machine)) throw notAllowed(request.host, ['Match exec']);
}

/** Only the name: the rest of a request is about this program. */
function wishOf({ host, user, port }: SshRequest): Parameters<typeof planRoute>[0] {
  return { host, ...(user === undefined ? {} : { user }), ...(port === undefined ? {} : { port }) };
}
