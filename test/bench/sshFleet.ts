import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SERVER_NODE_ARGS } from '../../src/extension/client/nodeArgs.js';
import { startServer } from '../server/client.js';
import { cpuOf } from './processes.js';
import { atMost, info, median, ms, type Product, type Section } from './report.js';
import { startSshHosts } from './sshHosts.js';
import { Trees } from './trees.js';

const TARGETS = 30;
const SECONDS = 60;
const INTERVAL_MS = 1_000;
/** A sample that comes this long after the one before it is late. */
const LATE_MS = 1_500;
const CPU_LIMIT = 30;
const MEMORY_LIMIT = 150e6;

/** What many hosts cost the machine that looks at them. */
export async function sshFleetPart({ root }: Product): Promise<Section> {
  const hosts = await startSshHosts(root);
  try {
    const server = await startServer(join(root, 'dist', 'server.js'), { ...hosts.server, channel: 'ipc', nodeArgs: [...SERVER_NODE_ARGS, ...furtherArgs()] });
    try {
      const trees = new Trees(server);
      const targets = await Promise.all(Array.from({ length: TARGETS }, () => hosts.name(hosts.sshd.port))).then((names) => names.map((name) => `ssh://${name}/`));
      const looks = new Map<string, number[]>(targets.map((target) => [target, []]));
      const troubles: string[] = [];
      trees.on(({ target, state }) => {
        if (state.kind === 'live') looks.get(target)?.push(performance.now());
        else if (state.kind !== 'connecting' && state.kind !== 'paused') troubles.push(`${target}: ${JSON.stringify(state)}`);
      });
      const begun = performance.now();
      for (const target of targets) void server.rpc.sendRequest('droplens/watch', { target, tree: true, intervalMs: INTERVAL_MS });
      // The first look of a target comes with two updates: that it is connected, and what was seen.
      while ([...looks.values()].some((times) => times.length < 2)) {
        if (performance.now() - begun > 60_000) throw new Error(`not every host was connected: ${troubles.join('\n')}`);
        await sleep(20);
      }
      const connected = performance.now() - begun;
      await sleep(5_000);
      for (const times of looks.values()) times.length = 0;
      const pid = server.process.pid ?? 0;
      const used = cpuOf(pid).own;
      const start = performance.now();
      const answers: number[] = [];
      while (performance.now() - start < SECONDS * 1000) {
        await sleep(100);
        const asked = performance.now();
        await server.rpc.sendRequest('droplens/local', {});
        answers.push(performance.now() - asked);
      }
      const seconds = (performance.now() - start) / 1000;
      const cpu = (cpuOf(pid).own - used) / 10 / seconds;
      const gaps = [...looks.values()].flatMap((times) => times.slice(1).map((time, index) => time - (times[index] ?? time)));
      const fewest = Math.min(...[...looks.values()].map((times) => times.length));
      const samples = [...looks.values()].reduce((sum, times) => sum + times.length, 0);
      const memory = peakMemory(pid);
      return {
        title: `SSH: ${TARGETS} hosts once a second for ${SECONDS} s`,
        method: [
          'dist/server.js over IPC, a connection of its own to each name, all to one sshd on 127.0.0.1, every tree on the screen. Its own process only:',
          'utime and stime of /proc/PID/stat after five seconds of running in, and the largest resident size since its start (VmHWM).',
          `Late: more than ${LATE_MS} ms after the sample before. Answers: a request that needs no host, ten times a second; it waits while the process is busy.`,
          'The thirty probes and their sshd run on the same machine.',
        ],
        results: [
          info('all connected and seen once after', ms(connected)),
          atMost('CPU of one core', cpu, CPU_LIMIT, (value) => `${value.toFixed(1)} %`),
          info('CPU per sample', ms((cpu * 10 * seconds) / samples)),
          atMost('memory, largest', memory, MEMORY_LIMIT, (value) => `${(value / 1e6).toFixed(0)} MB`),
          info('samples', String(samples)),
          { what: 'fewest samples of a host', measured: String(fewest), target: { text: `≥ ${SECONDS - 1}`, met: fewest >= SECONDS - 1 } },
          atMost('late samples', gaps.filter((gap) => gap > LATE_MS).length, 0, String),
          info('between two samples: median, 99 of 100, longest', [median(gaps), quantile(gaps, 0.99), Math.max(...gaps)].map(ms).join(', ')),
          info('answers: median, 99 of 100, longest', [median(answers), quantile(answers, 0.99), Math.max(...answers)].map(ms).join(', ')),
          atMost('connections lost', troubles.length, 0, String),
        ],
      };
    } finally {
      await server.stop();
    }
  } finally {
    await hosts.sshd.stop();
  }
}

/** `DROPLENS_BENCH_NODE`: further arguments of the server's Node, e.g. --cpu-prof. */
function furtherArgs(): readonly string[] {
  return (process.env['DROPLENS_BENCH_NODE'] ?? '').split(' ').filter((word) => word !== '');
}

function quantile(values: readonly number[], share: number): number {
  return [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? NaN;
}

/** Bytes of the largest resident size so far (proc(5), status). */
function peakMemory(pid: number): number {
  return Number(/^VmHWM:\s*(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? NaN) * 1024;
}
