import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { quote, quoteArgv, quoteAssignment } from '../../src/collect/quote.js';
import { SHELLS, shellArgv } from './support.js';

const NASTY = [
  ...['', ' ', "'", "''", '"', '\\', '\\\\', "\\'", '$(reboot)', '`reboot`', '$HOME', '${x:-y}', '!!', '~', '~root', '*', '?', '[a]'],
  ...['-x', '--', '-', '-n', 'a;b', 'a&b', 'a|b', '>x', '<x', '#x', '%1', 'a=b', 'if', 'done', '{', '}', '{a,b}', '\n', 'a\nb\n', '\r\n'],
  ...['\t', '\u001b[31m', '\u0001', '\u007f', 'é', '日本', '😀', '\u2028', '\u0300', '$(touch /tmp/droplens-quote-test)', "'; reboot; '"],
];

/** What a real shell makes of the words of each command line; many per process, so that the property can try many. */
function wordsSeenBy(shell: readonly string[], lines: readonly (readonly string[])[]): string[][] {
  const script = lines.map((argv) => `show ${quoteArgv(argv)}`).join('\n');
  const [program = '', ...args] = shell;
  const ran = spawnSync(program, args, {
    // Nothing that a wrongly quoted word could start is found.
    input: `PATH=/nonexistent; show() { for word do printf '%s\\0' "$word"; done; printf 'end-of-line\\0'; }\n${script}\n`,
    maxBuffer: 64 * 1024 * 1024,
  });
  expect(ran.stderr.toString()).toBe('');
  const seen: string[][] = [[]];
  for (const word of ran.stdout.toString().split('\0').slice(0, -1)) {
    if (word === 'end-of-line') seen.push([]);
    else seen.at(-1)?.push(word);
  }
  return seen.slice(0, -1);
}

const text = fc
  .oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }), fc.string({ unit: fc.constantFrom(...NASTY) }), fc.constantFrom(...NASTY))
  .filter((word) => !word.includes('\0') && word !== 'end-of-line');

describe.each(SHELLS)('quoting for %s', (name) => {
  it('gives back every argument as it was', () => {
    const shell = shellArgv(name);
    expect(wordsSeenBy(shell, [NASTY, ...NASTY.map((word) => [word])])).toEqual([NASTY, ...NASTY.map((word) => [word])]);
    fc.assert(
      fc.property(fc.array(fc.array(text, { maxLength: 4 }), { minLength: 50, maxLength: 100 }), (lines) => {
        expect(wordsSeenBy(shell, lines)).toEqual(lines);
      }),
      { seed: 20240607, numRuns: 25 },
    );
  });

  it('sets a variable to exactly the value', () => {
    const [program = '', ...args] = shellArgv(name);
    for (const value of NASTY) {
      const ran = spawnSync(program, args, { input: `${quoteAssignment('VALUE', value)}; printf '%s' "$VALUE"\n` });
      expect(ran.stdout.toString()).toBe(value);
    }
  });
});

describe('quote', () => {
  it('refuses what no argument can hold', () => {
    expect(() => quote('a\0b')).toThrow(RangeError);
    expect(() => quoteAssignment('A B', 'x')).toThrow(RangeError);
    expect(() => quoteAssignment('A;reboot', 'x')).toThrow(RangeError);
  });

  it('leaves plain words readable', () => {
    expect(quoteArgv(['ip', '-s', 'link', '/run/a.b', 'user@host:22', 'two words'])).toBe("ip -s link /run/a.b user@host:22 'two words'");
  });
});
