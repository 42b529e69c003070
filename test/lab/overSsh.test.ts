import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { mkdtemp, rm } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadLibrary, type Library } from '../../src/engine/library.js';
import { startSshd, type TestSshd } from '../ssh/sshd.js';
import acceptQueue from './faults/accept-queue.js';
import nftDropInput from './faults/nft-drop-input.js';
import qdiscTbf from './faults/qdisc-tbf.js';
import udpReceiveBuffer from './faults/udp-receive-buffer.js';
import { verdict } from './verdict.js';

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

describe('the same host, over SSH and as this machine', () => {
  it.each([acceptQueue, udpReceiveBuffer, qdiscTbf, nftDropInput].map((fault) => [fault.id, fault] as const))(
    '%s: one verdict',
    async (_id, fault) => {
      const known = { library, storage };
      const local = await verdict(fault, known, ({ netns }) => `local:/netns/${netns}`);
      const remote = await verdict(fault, known, ({ netns }) => `ssh://${sshd.alias}/netns/${netns}`);
      expect(remote).toEqual(local);
      expect(local.said[0]).toBe(`loss ${fault.expected[0]?.cause}`);
    },
    60_000,
  );
});
