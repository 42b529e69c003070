import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { english } from '../../../src/core/message.js';
import { writeLines } from '../../../src/core/recording/lines.js';
import { readRecording } from '../../../src/core/recording/read.js';
import type { Json, Recording, Sha256 } from '../../../src/core/recording/types.js';
import { writeRecording } from '../../../src/core/recording/write.js';
import { recording } from './support.js';

const sha256: Sha256 = (text) => createHash('sha256').update(text).digest('hex');

function refusal(text: string): string {
  const read = readRecording(text, sha256);
  return read.kind === 'refused' ? english(read.why) : '';
}

describe('a recording as a file', () => {
  test('comes back as it was written', () => {
    const text = writeRecording(recording, sha256);
    expect(readRecording(text, sha256)).toEqual({ kind: 'recording', recording });
    expect(text.split('\n').slice(0, -1).map((line) => (JSON.parse(line) as [string, { kind: string }])[1].kind)).toEqual([
      'droplens-recording', 'header', 'hello', 'answer', 'answer', 'window', 'command', 'change', 'end',
    ]);
  });

  test('cut after any line it is refused, and says where', () => {
    const lines = writeRecording(recording, sha256).split('\n').slice(0, -1);
    for (let kept = 1; kept < lines.length; kept += 1) {
      expect(refusal(lines.slice(0, kept).map((line) => `${line}\n`).join(''))).toContain(`ends after line ${kept}, without its closing line`);
      expect(refusal(lines.slice(0, kept).join('\n'))).toContain(`cut off in line ${kept}`);
    }
  });

  test('without one of its lines, with two exchanged or one twice it is refused', () => {
    const lines = writeRecording(recording, sha256).split('\n').slice(0, -1);
    const joined = (list: readonly string[]): string => list.map((line) => `${line}\n`).join('');
    for (let at = 1; at < lines.length - 1; at += 1) {
      expect(refusal(joined(lines.toSpliced(at, 1)))).toContain(`line ${at + 1} `);
      expect(refusal(joined(lines.toSpliced(at, 0, lines[at] ?? '')))).toContain(`line ${at + 2} `);
      if (at > 1) expect(refusal(joined(lines.toSpliced(at - 1, 2, lines[at] ?? '', lines[at - 1] ?? '')))).toContain(`line ${at} `);
    }
  });

  test('with any character changed it is refused', () => {
    const text = writeRecording(recording, sha256);
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.integer({ min: 1, max: 127 }), (at, flip) => {
        const changed = text.slice(0, at) + String.fromCharCode(text.charCodeAt(at) ^ flip) + text.slice(at + 1);
        expect(refusal(changed)).not.toBe('');
      }),
      { seed: 5, numRuns: 600 },
    );
  });

  test('of a later format it is refused with a word about updating', () => {
    const text = writeRecording(recording, sha256).replace('"format":1', '"format":2');
    expect(refusal(text)).toBe('The recording has format 2, and this version of Droplens reads formats up to 1. Update Droplens to open it.');
  });

  test.each([
    ['', 'not a recording'],
    ['hello', 'not a recording'],
    ['{"a":1}\n', 'not a recording'],
    ['["x",1]\n', 'not a recording'],
  ])('%j is not a recording', (text, why) => {
    expect(refusal(text)).toContain(why);
  });

  test('names that mean something to JavaScript are only names', () => {
    const report = JSON.parse('{"__proto__":{"polluted":true},"constructor":1}') as Json;
    const evil: Recording = { ...recording, windows: recording.windows.map((window) => ({ ...window, report })) };
    const read = readRecording(writeRecording(evil, sha256), sha256);
    expect(read.kind).toBe('recording');
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  test('records of any shape, with right hashes, are read or refused, never a crash', () => {
    const member = fc.oneof(fc.jsonValue({ maxDepth: 3 }), fc.constantFrom('answer', 'looked', 'without', 'fast', '2026-01-01T00:00:00Z'));
    const names = fc.constantFrom(
      '__proto__', 'constructor', 'kind', 'parts', 'seq', 'tiers', 'root', 'answers', 'report', 'host', 'env', 'exit', 'at', 'text', 'name', 'tools', 'why', 'how', 'args',
    );
    const kinds = fc.constantFrom('header', 'hello', 'answer', 'window', 'command', 'change', 'end', 'droplens-recording', '__proto__');
    const record = fc.tuple(kinds, fc.dictionary(names, member)).map(([kind, members]) => ({ ...members, kind }) as unknown as Json);
    const whole = JSON.parse(`[${writeRecording(recording, sha256).trim().split('\n').slice(1, 3).join(',')}]`) as [string, Json][];
    fc.assert(
      fc.property(fc.array(record, { maxLength: 6 }), fc.boolean(), (records, begun) => {
        const read = readRecording(writeLines([...(begun ? whole.map(([, entry]) => entry) : []), ...records], sha256), sha256);
        if (read.kind === 'refused') expect(english(read.why)).toMatch(/recording/);
        else expect(read.recording.answers.length).toBeGreaterThan(0);
      }),
      { seed: 7, numRuns: 1500 },
    );
  });

  test('any text is read or refused, never a crash', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.string().map((text) => `["${'0'.repeat(64)}",{${text}}]\n`)), (text) => {
        expect(refusal(text)).not.toBe('');
      }),
      { seed: 9, numRuns: 1000 },
    );
  });
});
