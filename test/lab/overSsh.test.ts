import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { mkdtemp, rm } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseTarget, type Target } from '../../src/collect/target.js';
import { loadLibrary, type Library } from '../../src/engine/library.js';
import { msg } from '../../src/core/message.js';
import { notAgreed } from '../../src/engine/deeper.js';
import { openTarget } from '../../src/engine/open.js';
import { watchWindow } from '../../src/engine/watch.js';
import { startSshd, type TestSshd } from '../ssh/sshd.js';
import acceptQueue from './faults/accept-queue.js';
import nftDropInput from './faults/nft-drop-input.js';
import qdiscTbf from './faults/qdisc-tbf.js';
import udpReceiveBuffer from './faults/udp-receive-buffer.js';
import type { Fault } from './fault.js';
import { Lab } from './lab.js';

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

function targetOf(text: string): Target {
  const parsed = parseTarget(text);
  if (parsed.kind === 'malformed') throw new Error(`${text} is malformed`);
  return parsed.target;
}

/** What is said of a fault when its host is looked at in this way: causes with their severity, in order. */
async function verdict(fault: Fault, way: (netns: string) => string): Promise<{ verdict: string; said: readonly string[] }> {
  await using lab = new Lab();
  const scene = await fault.setUp(lab);
  if (scene.target === 'machine') throw new Error('this fault is about the whole machine');
  const nobody = { hostKey: () => Promise.resolve(false), secret: () => Promise.resolve(undefined) };
  const opened = await openTarget(targetOf(way(scene.target.netns)), { asker: nobody, storage, interactive: false, tools: [] });
  try {
    let load: Promise<unknown> | undefined;
    // Progress is told first when the first sample is there.
    const begin = (): void => {
      load ??= scene.load();
    };
    const { diagnosis } = await watchWindow(opened.session, library.causes, fault.seconds ?? 3, begin, undefined, notAgreed(msg('not asked for')));
    await load;
    const findings = diagnosis.findings.filter(({ severity }) => severity === 'loss' || severity === 'risk');
    return { verdict: diagnosis.verdict, said: findings.map(({ cause, severity }) => `${severity} ${cause}`) };
  } finally {
    await opened.close();
  }
}

describe('the same host, over SSH and as this machine', () => {
  it.each([acceptQueue, udpReceiveBuffer, qdiscTbf, nftDropInput].map((fault) => [fault.id, fault] as const))(
    '%s: one verdict',
    async (_id, fault) => {
      const local = await verdict(fault, (netns) => `local:/netns/${netns}`);
      const remote = await verdict(fault, (netns) => `ssh://${sshd.alias}/netns/${netns}`);
      expect(remote).toEqual(local);
      expect(local.said[0]).toBe(`loss ${fault.expected[0]?.cause}`);
    },
    60_000,
  );
});
