import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { firstLine, sanitize, sanitizeBytes } from '../../src/collect/sanitize.js';

const FORBIDDEN = new RegExp(String.raw`[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]|\p{Cs}`, 'u');

describe('sanitize', () => {
  it.each([
    ['\u001b[1;31mred\u001b[0m', 'red'],
    ['\u009b31mred', 'red'],
    ['\u001b]0;title\u0007text', 'text'],
    ['\u001b]8;;http://x\u001b\\link\u001b]8;;\u001b\\', 'link'],
    ['\u001bP1$r0m\u001b\\after', 'after'],
    ['\u001b]never closed\nnext', 'never closed\nnext'],
    ['a\u001b(Bb\u001bcc', 'abc'],
    ['\u001b[', ''],
    ['\u001b[1;\nnext', '1;\nnext'],
    ['50%\r100%\r\n', '50%100%\n'],
    ['a\tb\nc', 'a\tb\nc'],
    ['a\u0008\u0000b\u007f', 'ab'],
    ['user\u202etxt', 'usertxt'],
    ['日本 é 😀', '日本 é 😀'],
    ['\ud800', '\u{fffd}'],
  ])('makes %j safe', (text, clean) => {
    expect(sanitize(text)).toBe(clean);
  });

  it('replaces what is not UTF-8', () => {
    expect(sanitizeBytes(new Uint8Array([0x61, 0xff, 0x62, 0xc3]))).toBe('a\u{fffd}b\u{fffd}');
  });

  it('leaves nothing of a terminal’s language in any input, at once', () => {
    const piece = fc.oneof(
      fc.constantFrom('\u001b', '\u001b[', '\u001b]', '\u009b', '\u009d', '\u0007', '\u001b\\', '\u009c', ';', '1', 'm', '\n', '\r', '\u202e'),
      fc.string({ unit: 'binary', maxLength: 3 }),
    );
    fc.assert(
      fc.property(fc.array(piece).map((parts) => parts.join('')), (text) => {
        const clean = sanitize(text);
        expect(clean).not.toMatch(FORBIDDEN);
        expect(sanitize(clean)).toBe(clean);
      }),
      { seed: 11, numRuns: 3_000 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(sanitizeBytes(bytes)).not.toMatch(FORBIDDEN);
      }),
      { seed: 12, numRuns: 1_000 },
    );
  });

  it('takes time in proportion to the input', () => {
    const started = performance.now();
    sanitize('\u001b]'.repeat(200_000));
    sanitize(`\u001b[${'1;'.repeat(200_000)}`);
    sanitize('\u009d'.repeat(200_000));
    expect(performance.now() - started).toBeLessThan(2_000);
  });
});

describe('firstLine', () => {
  it('is the first line that says something, cut', () => {
    expect(firstLine('\n \u001b[31m\n  bad\tthing \nmore')).toBe('bad thing');
    expect(firstLine('x'.repeat(300))).toHaveLength(200);
    expect(firstLine('')).toBe('');
  });
});
