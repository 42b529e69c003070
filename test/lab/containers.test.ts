import { readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listNamespaces } from '../../src/collect/namespace/list.js';
import { localTransport } from '../../src/collect/local.js';
import { loadLibrary, type Library } from '../../src/engine/library.js';
import { openTarget } from '../../src/engine/open.js';
import { startSshd, type TestSshd } from '../ssh/sshd.js';
import acceptQueue from './faults/accept-queue.js';
import nftDropInput from './faults/nft-drop-input.js';
import qdiscTbf from './faults/qdisc-tbf.js';
import udpReceiveBuffer from './faults/udp-receive-buffer.js';
import { startHollow, type Hollow } from './hollow.js';
import { Lab } from './lab.js';
import { targetOf, verdict } from './verdict.js';

let sshd: TestSshd;
let library: Library;
let storage: string;
const home = process.env['HOME'];

beforeAll(async () => {
  sshd = await startSshd();
  process.env['HOME'] = sshd.home;
  library = await loadLibrary(fileURLToPath(new URL('../../media/runbooks', import.meta.url)));
  storage = await mkdtemp(join(tmpdir(), 'dlab-keys-'));
});

afterAll(async () => {
  if (home === undefined) delete process.env['HOME'];
  else process.env['HOME'] = home;
  await sshd.stop();
  await rm(storage, { recursive: true, force: true });
});

describe('a container without a single tool', () => {
  const ways: readonly (readonly [string, (hollow: Hollow) => string])[] = [
    ['local:/pid/PID', ({ pid }) => `local:/pid/${pid}`],
    ['local:/container/ID', ({ id }) => `local:/container/${id.slice(0, 12)}`],
    ['local:/container/NAME', ({ hostname }) => `local:/container/${hostname}`],
    ['ssh://HOST/container/NAME', ({ hostname }) => `ssh://${sshd.alias}/container/${hostname}`],
    ['ssh://HOST/pid/PID', ({ pid }) => `ssh://${sshd.alias}/pid/${pid}`],
  ];
  const faults = [acceptQueue, udpReceiveBuffer, qdiscTbf, nftDropInput];

  it.each(ways.map(([name, way], index) => [name, way, faults[index % faults.length] ?? acceptQueue] as const))(
    'looked at as %s, the fault inside is named',
    async (_name, way, fault) => {
      const held: string[] = [];
      const { said } = await verdict(fault, { library, storage }, async (host) => {
        const hollow = await startHollow(host);
        held.push(hollow.holds, ...readdirSync(`/proc/${hollow.pid}/root`));
        return { target: way(hollow), end: async () => hollow[Symbol.asyncDispose]() };
      });
      expect(held).toEqual(['/ holds etc', 'etc']);
      expect(said[0]).toBe(`loss ${fault.expected[0]?.cause}`);
    },
  );

  it('is listed with its name, its engine and its interfaces', async () => {
    await using lab = new Lab();
    const { near } = await lab.pair();
    await using hollow = await startHollow(near.host);
    const transport = localTransport();
    const { found } = await listNamespaces(transport, 'testhost');
    await transport.dispose();
    expect(found.find(({ containers }) => containers.some(({ id }) => id === hollow.id))).toMatchObject({
      kind: 'container',
      name: hollow.hostname,
      pid: hollow.pid,
      processes: 1,
      comm: 'python3',
      containers: [{ name: hollow.hostname, id: hollow.id, engine: 'docker' }],
      names: [near.host.netns],
      interfaces: [near.dev],
      way: { kind: 'container', id: hollow.hostname },
    });
    const other = found.find(({ names }) => names.length === 1 && names[0] !== near.host.netns && names[0]?.startsWith(near.host.netns.slice(0, -1)));
    expect(other).toMatchObject({ kind: 'named', pid: 0, processes: 0, way: { kind: 'netns', name: other?.names[0] } });
  });

  it('is lost when it ends, and not watched on as a healthy, idle network; the next of its name is found again', async () => {
    await using lab = new Lab();
    const { near, far } = await lab.pair();
    const hollow = await startHollow(near.host);
    const nobody = { hostKey: () => Promise.resolve(false), secret: () => Promise.resolve(undefined) };
    const opened = await openTarget(targetOf(`local:/container/${hollow.id.slice(0, 12)}`), { asker: nobody, storage, interactive: false, tools: [] });
    try {
      const first = await opened.session.sample(new Set(['fast', 'medium', 'slow']));
      expect(first.inNamespace).toBe(true);
      expect(first.readings.has('inhabited')).toBe(false);
      await hollow[Symbol.asyncDispose]();
      await expect(opened.session.sample(new Set(['fast', 'medium']))).rejects.toMatchObject({
        reason: 'lost',
        message: expect.stringMatching(/^The process \d+ on .*, whose network was looked at, has ended\.$/),
      });
      expect(opened.session.ended).toMatchObject({ reason: 'lost' });
      await expect(opened.renew()).rejects.toMatchObject({ reason: 'unreachable', message: expect.stringContaining(hollow.id.slice(0, 12)) });
      await using next = await startHollow(far.host, hollow.id);
      await opened.renew();
      const second = await opened.session.sample(new Set(['fast']));
      expect(opened.entry.pid).toBe(next.pid);
      // Counters of another namespace are not compared with those of the one before.
      expect(second.bootId).not.toBe(first.bootId);
    } finally {
      await opened.close();
    }
  });
});
