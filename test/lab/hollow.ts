import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmdirSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { randomBytes } from 'node:crypto';
import type { Host } from './lab.js';

const PROGRAM = fileURLToPath(new URL('programs/hollow.py', import.meta.url));

/** A container as Docker makes one, as far as the kernel knows of it: there is no Docker here, and nothing to run inside. */
export interface Hollow extends AsyncDisposable {
  readonly pid: number;
  /** 64 hexadecimal digits, as in the name of its control group. */
  readonly id: string;
  readonly hostname: string;
  /** What its whole file system holds. */
  readonly holds: string;
}

/** Where control groups are made: version 2, wherever it is mounted, else systemd's own hierarchy of version 1. */
function cgroupRoot(): string {
  const mounts = readFileSync('/proc/self/mounts', 'utf8').split('\n').map((line) => line.split(' '));
  const root = mounts.find(([, , type]) => type === 'cgroup2') ?? mounts.find(([, , type, options]) => type === 'cgroup' && options?.includes('name=systemd'));
  if (root?.[1] === undefined) throw new Error('this test needs a mounted control group hierarchy (cgroup2, or name=systemd)');
  return root[1];
}

/** Starts a container without tools in the network namespace of `host`; gone when it is disposed of. */
export async function startHollow(host: Host, id = randomBytes(32).toString('hex'), hostname = `web-${id.slice(0, 6)}`): Promise<Hollow> {
  const group = `${cgroupRoot()}/docker-${id}.scope`;
  mkdirSync(group);
  // `ip netns exec` would hide the control groups.
  const child = spawn('nsenter', [`--net=/run/netns/${host.netns}`, 'python3', PROGRAM, hostname, `${group}/cgroup.procs`], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout });
  const [holds] = (await Promise.race([once(lines, 'line'), once(child, 'exit')])) as [unknown];
  if (child.pid === undefined || typeof holds !== 'string') {
    rmdirSync(group);
    throw new Error('the container ended before it was ready');
  }
  return {
    pid: child.pid,
    id,
    hostname,
    holds,
    async [Symbol.asyncDispose]() {
      const ended = child.exitCode === null ? once(child, 'exit') : Promise.resolve();
      child.stdin.end();
      await ended;
      rmdirSync(group);
    },
  };
}
