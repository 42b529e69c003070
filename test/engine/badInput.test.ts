import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Frame } from '../../src/collect/probe/frames.js';
import { readingsOf } from '../../src/collect/probe/readings.js';
import { diagnose } from '../../src/core/diagnosis/diagnose.js';
import { derive } from '../../src/core/observe/derive.js';
import { observe } from '../../src/core/observe/window.js';
import { parserFor } from '../../src/core/parse/index.js';
import type { Reading, Sample } from '../../src/core/sample.js';
import { SOURCES, type Source, type SourceId } from '../../src/core/sources.js';
import { loadLibrary, type Library } from '../../src/engine/library.js';

const folder = join(__dirname, '..', 'core', 'parse', 'fixtures', 'linux-6.18', 'host');
const texts = new Map(
  readdirSync(folder)
    .filter((name) => name.endsWith('.txt'))
    .map((name) => [name.slice(0, -'.txt'.length), readFileSync(join(folder, name), 'utf8')] as const),
);
const sources: readonly Source[] = SOURCES;
let library: Library;
beforeAll(async () => {
  library = await loadLibrary(join(__dirname, '..', '..', 'media', 'runbooks'));
});

/** The answer of a host that printed these texts. */
function frame(given: ReadonlyMap<SourceId, string>): Frame {
  const files: string[] = [];
  const parts: { name: string; text: string; status: number }[] = [];
  for (const source of sources) {
    const text = given.get(source.id);
    if (text === undefined) continue;
    if (source.reader.kind === 'file') files.push(`==> ${source.reader.path} <==\n${text}`);
    else parts.push({ name: source.id, text, status: 0 });
  }
  return { seq: 1, parts: [{ name: 'files', text: files.join('\n'), status: 0 }, ...parts] };
}

function readings(given: ReadonlyMap<SourceId, string>): Map<SourceId, Reading> {
  const absent = sources.flatMap((source) => (source.reader.kind === 'file' && !given.has(source.id) ? [source.reader.path] : []));
  return readingsOf(frame(given), {
    sources,
    tiers: new Set(['fast', 'medium', 'slow'] as const),
    parserFor,
    look: { absent: new Set(absent), denied: new Set(), tools: new Set(['ss', 'tc', 'ip', 'ethtool', 'awk']) },
    inNamespace: false,
    commandSeconds: 4,
  });
}

const sample = (at: number, given: ReadonlyMap<SourceId, string>): Sample => ({ seq: at, hostSeconds: at, bootId: 'b', readings: readings(given) });

const judge = (before: ReadonlyMap<SourceId, string>, after: ReadonlyMap<SourceId, string>) =>
  diagnose(derive(observe([sample(10, before), sample(13, after)])), library.causes);

const corruptions: readonly (readonly [string, (text: string) => string])[] = [
  ['empty', () => ''],
  ['cut in half', (text) => text.slice(0, Math.floor(text.length / 2))],
  ['cut inside a line', (text) => text.slice(0, Math.max(1, text.length - 7))],
  ['binary', () => Array.from({ length: 4_000 }, (_, index) => String.fromCharCode((index * 7919) % 256)).join('')],
  ['one endless line', () => 'A9 '.repeat(100_000)],
  ['an error message', () => "sh: 1: Cannot open file: Input/output error\n"],
  ['hostile words', () => '__proto__ constructor $(reboot) <script>\n=1 =2 =3\n'.repeat(50)],
  ['negative and huge numbers', (text) => text.replace(/\b\d+\b/g, (digits, at: number) => (at % 2 === 0 ? `-${digits}` : `${digits}99999999999999999999`))],
];

test('the host’s own texts give a verdict without loss', () => {
  const result = judge(texts, texts);
  expect(result.findings.filter((finding) => finding.severity === 'loss')).toEqual([]);
  expect(['clean', 'risk']).toContain(result.verdict);
});

/** proc_tcp is read only where ss is missing. */
const due = sources.filter((source) => texts.has(source.id) && source.insteadOf === undefined);

describe.each(due.map((source) => [source.id, source] as const))('%s', (id, source) => {
  test.each(corruptions)('%s: nothing is invented, and no other row is touched', (_name, corrupt) => {
    const bad = new Map(texts).set(id, corrupt(texts.get(id) ?? ''));
    const good = readings(texts);
    for (const [other, reading] of readings(bad)) {
      if (other !== id) expect(reading, `the reading of ${other}`).toEqual(good.get(other));
    }
    for (const [before, after] of [[bad, bad], [texts, bad], [bad, texts]] as const) {
      const result = judge(before, after);
      expect(result.findings.filter((finding) => finding.severity === 'loss')).toEqual([]);
    }
  });

  test('garbage is reported, never taken for healthy', () => {
    const bad = new Map(texts).set(id, 'Z9 '.repeat(1_000));
    const reading = readings(bad).get(id);
    const complained = reading?.state === 'unreadable' || (reading?.facts.problems.length ?? 0) > 0;
    // A sysctl that is a word can be any word.
    expect(complained || id === 'sysctl.net.core.default_qdisc').toBe(true);
    if (source.essential) expect(judge(bad, bad).verdict).not.toBe('clean');
  });
});
