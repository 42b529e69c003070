import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { SERVER_NODE_ARGS } from '../../src/extension/client/nodeArgs.js';
import { startServer } from '../server/client.js';
import { startRelay } from './relay.js';
import { atMost, info, median, ms, spread, times, type Product, type Section } from './report.js';
import { startSshHosts, type SshHosts } from './sshHosts.js';
import { Trees, type Watcher } from './trees.js';

const PAIRS = 21;
const FAR_PAIRS = 9;
/** One way, of the path that stands for a network. */
const DELAY_MS = 20;
const LIMIT = 1.3;

/** What a person waits from the click to the first values, beside what `ssh host true` takes. */
export async function sshConnectPart({ root }: Product): Promise<Section> {
  const hosts = await startSshHosts(root);
  const relay = await startRelay(hosts.sshd.port, DELAY_MS);
  const file = join(root, 'dist', 'server.js');
  const start = async (): Promise<Watcher> => {
    const server = await startServer(file, { ...hosts.server, channel: 'ipc', nodeArgs: SERVER_NODE_ARGS });
    return { server, trees: new Trees(server) };
  };
  try {
    const warm = await start();
    try {
      const near = await hosts.name(hosts.sshd.port);
      const far = await hosts.name(relay.port);
      const fresh = async (): Promise<number> => {
        const begun = performance.now();
        const watcher = await start();
        await firstSample(watcher, near);
        const took = performance.now() - begun;
        await watcher.server.stop();
        return took;
      };
      const before = hosts.sshd.log().length;
      await firstSample(warm, near);
      const here = await takingTurns(PAIRS, {
        ssh: () => sshTrue(hosts, near, []),
        likeOurs: () => sshTrue(hosts, near, ['-o', 'KexAlgorithms=curve25519-sha256']),
        ours: () => firstSample(warm, near),
        fresh,
      });
      const there = await takingTurns(FAR_PAIRS, { ssh: () => sshTrue(hosts, far, []), ours: () => firstSample(warm, far) });
      const channels = hosts.sshd.log().slice(before).split('Starting session: command').length - 1;
      const connections = 1 + PAIRS * 4 + FAR_PAIRS * 2;
      const trips = (subject: 'ssh' | 'ours'): number => (median(there[subject]) - median(here[subject])) / (2 * DELAY_MS);
      return {
        title: 'SSH: from the click to the first sample',
        method: [
          `sshd on 127.0.0.1, one ed25519 key, ${PAIRS} rounds in which the subjects take turns; median (lowest … highest).`,
          'Ours: dist/server.js over IPC, from the request to watch a host to its tree with the values of a full sample, painted. Fresh: with the start of the process.',
          `Far: through a relay that holds everything for ${DELAY_MS} ms each way, opening the connection included; ${FAR_PAIRS} rounds.`,
          'Round trips: what the delay adds, divided by it.',
        ],
        results: [
          info('ssh host true', spread(here.ssh, ms)),
          info('ssh host true, key exchange curve25519 as ours', spread(here.likeOurs, ms)),
          info('first sample, warm server', spread(here.ours, ms)),
          info('first sample, fresh server', spread(here.fresh, ms)),
          atMost('first sample / ssh host true', median(here.ours) / median(here.ssh), LIMIT, times),
          info('first sample / ssh host true with our key exchange', times(median(here.ours) / median(here.likeOurs))),
          info(`far: ssh host true`, spread(there.ssh, ms)),
          info(`far: first sample, warm server`, spread(there.ours, ms)),
          atMost('far: first sample / ssh host true', median(there.ours) / median(there.ssh), LIMIT, times),
          info('round trips of ssh host true', trips('ssh').toFixed(1)),
          info('round trips to the first sample', trips('ours').toFixed(1)),
          atMost('channels per connection', channels / connections, 1, String),
        ],
      };
    } finally {
      await warm.server.stop();
    }
  } finally {
    await relay.stop();
    await hosts.sshd.stop();
  }
}

/** Milliseconds of each subject in each round. */
async function takingTurns<Name extends string>(rounds: number, subjects: Readonly<Record<Name, () => Promise<number>>>): Promise<Record<Name, number[]>> {
  const all = Object.entries<() => Promise<number>>(subjects).map(([name, run]) => ({ name, run, took: [] as number[] }));
  for (let round = 0; round < rounds; round++) for (const { run, took } of all) took.push(await run());
  return Object.fromEntries(all.map(({ name, took }) => [name, took])) as Record<Name, number[]>;
}

/** Milliseconds until the tree of a host has values. The host is forgotten again. */
async function firstSample({ server, trees }: Watcher, host: string): Promise<number> {
  const target = `ssh://${host}/`;
  const begun = performance.now();
  const shown = trees.next((update) => update.target === target && (update.changed.length > 0 || update.state.kind === 'failed'));
  await server.rpc.sendRequest('droplens/watch', { target, tree: true, intervalMs: 600_000 });
  const { state } = await shown;
  const took = performance.now() - begun;
  if (state.kind !== 'live') throw new Error(`${host}: ${JSON.stringify(state)}`);
  await server.rpc.sendRequest('droplens/disconnect', { target });
  return took;
}

function sshTrue(hosts: SshHosts, host: string, more: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const begun = performance.now();
    const child = spawn('ssh', [...hosts.sshArgs, ...more, host, 'true'], { env: hosts.env, stdio: ['ignore', 'ignore', 'inherit'] });
    child.on('error', reject);
    child.on('exit', (status) => (status === 0 ? resolve(performance.now() - begun) : reject(new Error(`ssh ended with ${status ?? 'a signal'}`))));
  });
}
