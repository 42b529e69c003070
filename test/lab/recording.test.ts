import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { diagnose, openCli, type Cli, type Report, type Who } from './cli.js';
import type { Fault } from './fault.js';
import acceptQueue from './faults/accept-queue.js';
import dropInput from './faults/nft-drop-input.js';
import { problemsOfFault } from './judge.js';
import { Lab, whyNot } from './lab.js';
import { run, type Ended } from './processes.js';

const LIMIT_MS = 120_000;

let cli: Cli;
let folder: string;

beforeAll(async () => {
  const why = await whyNot();
  if (why !== undefined) throw new Error(`The lab did not run, because ${why}`);
  await Lab.sweep();
  cli = await openCli();
  folder = await mkdtemp(join(tmpdir(), 'dlab-recording-'));
});

afterAll(async () => {
  await cli[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const droplens = (...args: readonly string[]): Promise<Ended> => run([process.execPath, cli.file, ...args], 60);

/** What a finding says, but for names of things and for the words around them. */
const essence = ({ verdict, findings }: Report): unknown => [verdict, findings.map(({ cause, severity, rate, evidence, subject }) => [cause, severity, rate, evidence.map(({ delta }) => delta), subject.kind]).toSorted()];

describe('a faulty host that was recorded', () => {
  it.each<{ readonly fault: Fault; readonly who: Who }>([
    { fault: acceptQueue, who: 'root' },
    { fault: dropInput, who: 'tier 1' },
  ])('gives the same verdict again, byte by byte, and tells the incident: $fault.id', { timeout: LIMIT_MS }, async ({ fault, who }) => {
    const file = join(folder, `${fault.id}.droplens`);
    const { scene, watched } = await (async () => {
      await using lab = new Lab();
      const set = await fault.setUp(lab);
      return { scene: set, watched: await diagnose(cli, set.target, fault.seconds ?? 3, who, () => set.load(), file) };
    })();
    expect(problemsOfFault(fault, scene, watched), JSON.stringify(watched.report, null, 1)).toEqual([]);
    // The host is gone: its namespaces were removed with the lab.
    for (const args of [['diagnose', '--recording', file, '--json'], ['diagnose', `recording://${file}`, '--json']]) {
      const again = await droplens(...args);
      expect(again.stdout).toBe(watched.text);
      expect(again.code).toBe(watched.status);
    }
    const report = await droplens('report', file);
    expect(report.code).toBe(0);
    expect(report.stdout).toContain(`\`${fault.expected[0]?.cause ?? ''}\``);

    const redacted = await droplens('report', file, '--redact');
    const bytes = await readFile(file, 'utf8');
    const addresses = new Set(bytes.match(/(?<![\d.])10\.\d{1,3}\.\d{1,3}\.\d{1,3}(?![\d.])/g) ?? []);
    expect(addresses.size).toBeGreaterThan(0);
    for (const address of addresses) expect(redacted.stdout).not.toContain(address);
  });

  it('shows the same findings when it was redacted', { timeout: LIMIT_MS }, async () => {
    const file = join(folder, 'redacted.droplens');
    await using lab = new Lab();
    const scene = await acceptQueue.setUp(lab);
    // The command line redacts what it writes and not what it prints.
    const watched = await diagnose(cli, scene.target, 3, 'root', () => scene.load(), join(folder, 'plain.droplens'));
    const { redactRecording } = await import('../../src/engine/redact.js');
    const { loadRecording, saveRecording } = await import('../../src/engine/recordingFile.js');
    await saveRecording(file, redactRecording(await loadRecording(join(folder, 'plain.droplens'))), false);
    // Addresses of the lab, in the forms in which the files of /proc and the programs print them.
    const [plain, text] = [await readFile(join(folder, 'plain.droplens'), 'utf8'), await readFile(file, 'utf8')];
    const addresses = new Set(plain.match(/(?<![\d.])10\.\d{1,3}\.\d{1,3}\.\d{1,3}(?![\d.])/g) ?? []);
    expect(addresses.size).toBeGreaterThan(0);
    for (const address of addresses) {
      const hex = address.split('.').map((byte) => Number(byte).toString(16).padStart(2, '0'));
      for (const form of [address, `${hex.toReversed().join('').toUpperCase()}:`, address.replaceAll('.', '-')]) expect(text).not.toContain(form);
    }
    const links = new Set(plain.match(/(?<![0-9a-f:])(?:[0-9a-f]{2}:){5}[0-9a-f]{2}(?![0-9a-f:])/g) ?? []);
    for (const link of links) if (!/^(?:00:){5}00$|^ff|^33:33|^01/.test(link)) expect(text).not.toContain(link);
    const again = await droplens('diagnose', '--recording', file, '--json');
    expect(essence(JSON.parse(again.stdout) as Report)).toEqual(essence(watched.report));
    expect(again.code).toBe(1);
  });

  it('is refused where it was cut or changed, with the line', { timeout: LIMIT_MS }, async () => {
    const whole = await readFile(join(folder, 'plain.droplens'));
    const file = join(folder, 'damaged.droplens');
    const lines = whole.toString('utf8').split('\n').length - 1;
    const ends = [...whole.entries()].flatMap(([at, byte]) => (byte === 0x0a ? [at + 1] : []));
    expect(ends).toHaveLength(lines);
    for (const [index, end] of ends.slice(0, -1).entries()) {
      await writeFile(file, whole.subarray(0, end));
      const { code, stdout, stderr } = await droplens('diagnose', '--recording', file, '--json');
      expect([code, stdout]).toEqual([2, '']);
      expect(stderr).toContain(`it ends after line ${index + 1}, without its closing line`);
    }
    for (let step = 0; step < 12; step += 1) {
      const at = Math.floor((whole.length * step) / 12) + step;
      const bytes = Buffer.from(whole);
      bytes[at] = (bytes[at] ?? 0) ^ 1;
      await writeFile(file, bytes);
      const { code, stdout, stderr } = await droplens('diagnose', '--recording', file, '--json');
      expect([code, stdout]).toEqual([2, '']);
      expect(stderr).toMatch(/cannot be opened\. .*(?:[Ll]ine \d+|not a recording)/);
    }
  });
});
