import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectRecording } from '../../src/collect/recorded.js';
import { formatTarget, parseTarget, recordingTarget } from '../../src/collect/target.js';
import { msg } from '../../src/core/message.js';
import { parserFor } from '../../src/core/parse/index.js';
import type { Recording } from '../../src/core/recording/types.js';
import type { Command } from '../../src/core/runbook/blocks.js';
import { writeIncident, timeText } from '../../src/engine/incident.js';
import { openTarget } from '../../src/engine/open.js';
import { Recorder } from '../../src/engine/record.js';
import { loadRecording, saveRecording } from '../../src/engine/recordingFile.js';
import { replayOf, scriptHash } from '../../src/engine/replay.js';
import { runCommand } from '../../src/engine/runCommand.js';
import { recording } from '../core/recording/support.js';
import { sample } from '../core/support/samples.js';
import { library } from '../server/fakeHost.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'droplens-recording-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const frame = (seq: number, seconds: number, more = ''): { seq: number; parts: { name: string; text: string; status: number }[] } => ({
  seq,
  parts: [
    ...(more === '' ? [] : [{ name: 'look', text: more, status: 0 }]),
    { name: 'files', text: `==> /proc/uptime <==\n${seconds.toFixed(2)} 1.00\n`, status: 0 },
  ],
});
const about = { host: recording.header.host, inNamespace: false, commandSeconds: 4 };
const refusal = async (path: string): Promise<string> => loadRecording(path).then(() => '', (error: Error) => error.message);

describe('a recorder', () => {
  function recorderAt(limits: { mostCharacters?: number; mostAge?: number } = {}): { recorder: Recorder; clock: { now: number } } {
    const clock = { now: 1_000_000 };
    return { recorder: new Recorder({ target: 'local:/', now: () => clock.now, ...limits }), clock };
  }
  const seqs = ({ answers }: Recording): readonly number[] => answers.map(({ seq }) => seq);

  test('lets go of what is old, and of the oldest when there is too much', () => {
    const { recorder, clock } = recorderAt({ mostAge: 10_000, mostCharacters: 120 });
    recorder.hello({ seq: 0, parts: [] }, about);
    for (let seq = 1; seq <= 20; seq += 1) recorder.answer(frame(seq, seq), new Set(['fast']));
    expect(seqs(recorder.recording('1'))).toEqual([18, 19, 20]);
    clock.now += 11_000;
    recorder.answer(frame(21, 40), new Set(['fast']));
    expect(seqs(recorder.recording('1'))).toEqual([21]);
  });

  test('keeps a diagnosis whole, while it is made and afterwards', () => {
    const { recorder, clock } = recorderAt({ mostAge: 10_000, mostCharacters: 120 });
    recorder.hello({ seq: 0, parts: [] }, about);
    const release = recorder.hold();
    for (let seq = 1; seq <= 20; seq += 1) recorder.answer(frame(seq, seq), new Set(['fast']));
    const samples = [1, 2, 3].map((seq) => ({ ...sample(seq, {}), seq }));
    recorder.window(samples, { kind: 'without', why: msg('no'), how: undefined });
    release();
    clock.now += 60_000;
    recorder.answer(frame(21, 90), new Set(['fast']));
    expect(seqs(recorder.recording('1'))).toEqual([1, 2, 3, 21]);
    expect(recorder.recording('1').windows[0]?.answers).toEqual([1, 2, 3]);
  });

  test('numbers the answers of a second probe on, and remembers what the host had', () => {
    const { recorder } = recorderAt({ mostCharacters: 100 });
    recorder.hello({ seq: 0, parts: [{ name: 'look', text: 'tool ss', status: 0 }] }, about);
    recorder.answer(frame(1, 1, 'tool ip'), new Set(['fast']));
    recorder.answer(frame(2, 2), new Set(['fast']));
    recorder.hello({ seq: 0, parts: [] }, about);
    recorder.answer(frame(1, 3), new Set(['fast']));
    recorder.answer(frame(2, 4), new Set(['fast']));
    recorder.window([{ ...sample(1, {}), seq: 2 }], { kind: 'without', why: msg('no'), how: undefined });
    const made = recorder.recording('1');
    expect(seqs(made).at(-1)).toBe(4);
    expect(made.windows[0]?.answers).toEqual([4]);
    expect(made.hello).toEqual([{ name: 'look', text: 'tool ip', status: 0 }]);
  });

  test('has nothing to say before the first sample', () => {
    expect(() => recorderAt().recorder.recording('1')).toThrow(/nothing to record yet/);
  });
});

describe('the file', () => {
  test('is its owner’s alone, and does not take the place of another unless it may', async () => {
    const path = join(folder, 'mode.droplens');
    await saveRecording(path, recording, false);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await loadRecording(path)).toEqual(recording);
    await expect(saveRecording(path, recording, false)).rejects.toThrow(/exists already/);
    await writeFile(path, 'something else', { mode: 0o644 });
    await saveRecording(path, recording, true);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await loadRecording(path)).toEqual(recording);
    await expect(saveRecording(join(folder, 'none', 'x'), recording, false)).rejects.toThrow(/no such file or folder/);
  });

  test('with any byte of it changed, or cut at any place, is refused with a reason', async () => {
    const path = join(folder, 'damaged.droplens');
    await saveRecording(path, recording, true);
    const whole = await readFile(path);
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), fc.boolean(), async (at, flip, cut) => {
        const bytes = cut ? whole.subarray(0, at) : Buffer.from(whole);
        if (!cut) bytes[at] = (bytes[at] ?? 0) ^ flip;
        await writeFile(path, bytes);
        expect(await refusal(path)).toMatch(/^The recording \S+ cannot be opened\. \S/);
      }),
      { seed: 23, numRuns: 400 },
    );
  });

  test('holds nothing that a terminal or a person’s eye would obey, whoever wrote it', async () => {
    const path = join(folder, 'evil.droplens');
    const evil = 'x\u001b]0;owned\u0007\u202ey\u009b31m';
    const host = { ...recording.header.host, name: `${evil}\nLOSS` };
    await saveRecording(path, { ...recording, header: { ...recording.header, host }, commands: recording.commands.map((command) => ({ ...command, output: evil })) }, true);
    const { header, commands } = await loadRecording(path);
    expect([header.host.name, commands[0]?.output]).toEqual(['xy', 'xy']);
  });

  test('that is not there, or is a folder, is said so', async () => {
    expect(await refusal(join(folder, 'nowhere'))).toContain('there is no such file or folder');
    expect(await refusal(folder)).toContain('not a file');
  });

  test('is a target, whatever its path holds', () => {
    for (const path of ['/a/b.droplens', '/with space/ü#?%41.droplens', "/o'x/$(reboot)"]) {
      const text = formatTarget(recordingTarget(path));
      expect(parseTarget(text)).toEqual({ kind: 'target', target: { kind: 'recording', path } });
    }
    for (const text of ['recording:', 'recording:///', 'recording://host/x', 'recording:///x?y', 'recording:///x#y']) expect(parseTarget(text).kind).toBe('malformed');
  });
});

describe('a replayed host', () => {
  test('gives its samples once, at the pace at which they were taken, and then waits', async () => {
    const pauses: number[] = [];
    const { session, transport, close } = connectRecording(recording, { parserFor, now: () => 5, sleep: (milliseconds) => Promise.resolve(pauses.push(milliseconds)) });
    expect((await session.sample(new Set())).hostSeconds).toBe(10);
    expect((await session.sample(new Set())).hostSeconds).toBe(11);
    expect(pauses).toEqual([1_000]);
    const ending = expect(session.sample(new Set())).rejects.toMatchObject({ reason: 'cancelled' });
    await close();
    await ending;
    await expect(transport.spawn(['sh'])).rejects.toThrow('This is a recording of web-1: nothing can be run on it.');
  });

  test('shows the recorded output of the same command with the same parameters, and of no other', async () => {
    const script = 'ping "$HOST"';
    const path = join(folder, 'commands.droplens');
    const commands = recording.commands.map((command) => ({ ...command, hash: scriptHash(script) }));
    await saveRecording(path, { ...recording, commands }, true);
    const asker = { hostKey: () => Promise.resolve(false), secret: () => Promise.resolve(undefined) };
    const opened = await openTarget(recordingTarget(path), { asker, storage: folder, interactive: false, tools: [] });
    const command: Command = {
      id: 'ping', label: 'p', script, risk: 'read-only', undo: undefined, interpret: undefined, tools: [], install: undefined, params: ['HOST'], timeoutSeconds: 5, root: false, fix: undefined, line: 1,
    };
    const run = (one: Command, host: string) => runCommand(opened, 'packet-loss', one, new Map([['HOST', host]]), ({ text }) => text, new AbortController().signal);
    expect(await run(command, '10.0.0.1')).toMatchObject({ kind: 'done', output: 'PING 10.0.0.1\n', exit: null, truncated: true });
    for (const [one, host] of [[command, '10.0.0.2'], [{ ...command, script: 'ping -f "$HOST"' }, '10.0.0.1'], [{ ...command, id: 'other' }, '10.0.0.1']] as const) {
      expect(await run(one, host)).toMatchObject({ kind: 'refused', why: expect.stringContaining('was not recorded') as string });
    }
    await opened.close();
  });

  test('without a diagnosis is judged by all that was recorded', async () => {
    const watched = await replayOf({ ...recording, windows: [] }).diagnose([]);
    expect(watched.samples.map(({ seq }) => seq)).toEqual([1, 2]);
    expect(watched.diagnosis.seconds).toBe(1);
  });

  test('has an incident report, even when its verdict cannot be read', async () => {
    const text = await writeIncident(recording, library, ({ text: template }) => template, 'Europe/Berlin');
    expect(text).toContain('# Incident report: web-1');
    expect(text).toContain('A longer queue');
  });

  test('times are told with their zone', () => {
    expect(timeText(Date.UTC(2026, 10, 20, 13, 3, 7), 'Europe/Berlin')).toBe('2026-11-20 14:03:07 (Europe/Berlin, UTC+01:00)');
    expect(timeText(Number.NaN, 'UTC')).toBe('–');
  });
});
