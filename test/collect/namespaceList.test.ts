import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { localTransport } from '../../src/collect/local.js';
import { enterNamespace } from '../../src/collect/namespace/enter.js';
import { listNamespaces } from '../../src/collect/namespace/list.js';
import { LISTING } from '../../src/collect/namespace/script.js';
import { runScript } from '../../src/collect/run.js';
import type { Transport } from '../../src/collect/transport.js';
import { foundNamespaces, type FoundNamespace } from '../../src/core/namespaces/found.js';
import { parseListing } from '../../src/core/namespaces/listing.js';
import { startHollow } from '../lab/hollow.js';
import { Lab } from '../lab/lab.js';
import { requireRoot, run, SHELLS, shellArgv, until } from './support.js';

const NOBODY = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] as const;
const NAME = `droplens-list-${process.pid}`;
const transport = localTransport();
const asNobody: Transport = { ...transport, spawn: (argv, signal) => transport.spawn([...NOBODY, ...argv], signal) };
const netOf = (pid: number | undefined): string => spawnSync('readlink', [`/proc/${pid ?? 0}/ns/net`], { encoding: 'utf8' }).stdout;

let busybox = '';
/** Holds the namespace NAME with three processes; another of nobody's, in a user namespace of its own. */
let inside: ChildProcess;
let rootless: ChildProcess;

beforeAll(async () => {
  requireRoot('this test');
  busybox = mkdtempSync(join(tmpdir(), 'droplens-busybox-'));
  const program = run('sh', '-c', 'command -v busybox').trim();
  for (const applet of run('busybox', '--list').split('\n').filter((name) => name !== '')) symlinkSync(program, join(busybox, applet));
  run('ip', 'netns', 'add', NAME);
  run('ip', '-n', NAME, 'link', 'add', 'name', '$(reboot)', 'type', 'veth', 'peer', 'name', 'peer0');
  inside = spawn('ip', ['netns', 'exec', NAME, 'sh', '-c', 'sleep 1000 & one=$!; sleep 1000 & two=$!; read -r line; kill "$one" "$two"'], { stdio: ['pipe', 'ignore', 'ignore'] });
  rootless = spawn(NOBODY[0], [...NOBODY.slice(1), 'unshare', '-Urn', 'sleep', '1000'], { stdio: 'ignore' });
  const own = netOf(process.pid);
  await until('both are inside', () => [inside, rootless].every(({ pid }) => netOf(pid) !== own && netOf(pid) !== ''));
  await until('all run', () => run('ip', 'netns', 'pids', NAME).trim().split('\n').length === 3);
});

afterAll(async () => {
  const over = new Promise((resolve) => inside.once('exit', resolve));
  inside.stdin?.end();
  rootless.kill('SIGKILL');
  await over;
  await transport.dispose();
  run('ip', 'netns', 'del', NAME);
  rmSync(busybox, { recursive: true });
});

const named = (found: readonly FoundNamespace[]): FoundNamespace | undefined => found.find(({ names }) => names.includes(NAME));

describe('listing the namespaces of a host', () => {
  it.each([...SHELLS.map((name) => [name, 'all programs'] as const), ['busybox ash', 'those of busybox'] as const])('with %s and %s', (shell, programs) => {
    const poor = programs === 'those of busybox';
    const [program = '', ...args] = poor ? [join(busybox, 'ash')] : shellArgv(shell);
    const file = join(busybox, 'listing');
    writeFileSync(file, LISTING);
    const env = { LC_ALL: 'C', PATH: poor ? busybox : (process.env['PATH'] ?? '') };
    const ran = spawnSync(program, [...args, file], { encoding: 'utf8', env });
    expect([ran.status, ran.stderr]).toEqual([0, '']);
    const listing = parseListing(ran.stdout);
    expect(listing.root).toBe(true);
    expect(named(foundNamespaces(listing))).toMatchObject({
      kind: 'named',
      name: NAME,
      pid: inside.pid,
      processes: 3,
      comm: 'sh',
      interfaces: ['peer0', '$(reboot)'],
      way: { kind: 'netns', name: NAME },
    });
    expect(foundNamespaces(listing).some(({ pid }) => pid === rootless.pid)).toBe(true);
    // The host's own is no entry.
    expect(listing.namespaces.some(({ inode }) => netOf(process.pid).includes(inode))).toBe(false);
  });

  it('without root shows what one may see, and says how much that leaves out', async () => {
    const { found, root, unread } = await listNamespaces(asNobody, 'testhost');
    expect(root).toBe(false);
    expect(unread).toBeGreaterThan(2);
    expect(found.find(({ pid }) => pid === rootless.pid)).toMatchObject({ kind: 'process', comm: 'sleep' });
    expect(named(found)).toMatchObject({ kind: 'named', processes: 0, pid: 0 });
    await expect(enterNamespace(asNobody, { kind: 'container', id: 'nginx' }, 'testhost')).rejects.toMatchObject({
      reason: 'not-permitted',
      how: expect.stringContaining('root'),
    });
  });

  it('a file of a container that is no plain file is not opened', async () => {
    await using lab = new Lab();
    const [one, two] = [await lab.host(), await lab.host()];
    await using pipe = await startHollow(one, undefined, '|');
    await using link = await startHollow(two, undefined, '/etc/hostname');
    const began = performance.now();
    const { found } = await listNamespaces(transport, 'testhost');
    expect(performance.now() - began).toBeLessThan(8_000);
    for (const { id } of [pipe, link]) {
      expect(found.find(({ containers }) => containers.some((one) => one.id === id))).toMatchObject({ kind: 'container', name: id.slice(0, 12) });
    }
  });
});

describe('entering', () => {
  const interfaces = 'cd /sys/class/net && for i in *; do printf "%s\\n" "$i"; done; cat /proc/net/dev | wc -l';
  const look = async (way: Transport, prefix: readonly string[]): Promise<string> => {
    const outcome = await runScript(way, { script: interfaces, env: new Map(), timeoutSeconds: 10, prefix });
    return outcome.kind === 'done' ? outcome.output : outcome.kind;
  };

  it('a network that belongs to one’s own user namespace needs no root', async () => {
    const entry = await enterNamespace(asNobody, { kind: 'pid', pid: rootless.pid ?? 0 }, 'testhost');
    expect(entry).toMatchObject({ inNamespace: true, pid: rootless.pid });
    expect(entry.prefix).toContain('--preserve-credentials');
    expect(await look(asNobody, entry.prefix)).toBe('lo\n3\n');
    await expect(enterNamespace(asNobody, { kind: 'pid', pid: inside.pid ?? 0 }, 'testhost')).rejects.toMatchObject({ reason: 'not-permitted' });
  });

  it.each([
    ['a name', () => ({ kind: 'netns', name: NAME }) as const],
    ['a process', () => ({ kind: 'pid', pid: inside.pid ?? 0 }) as const],
  ])('by %s with the programs of busybox, whose ip knows no namespaces', async (_what, namespace) => {
    const poor = localTransport({ platform: 'linux', env: { PATH: busybox }, exists: () => true });
    const entry = await enterNamespace(poor, namespace(), 'testhost');
    expect(entry.prefix[0]).toBe('nsenter');
    expect(await look(poor, entry.prefix)).toBe('$(reboot)\nlo\npeer0\n5\n');
    await poor.dispose();
  });
});
