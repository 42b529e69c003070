import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { loginShellLine } from '../../src/collect/quote.js';

/** Shells that a user may have on a host, as sshd starts them: with `-c` and one line. */
const LOGIN_SHELLS = ['dash', 'bash', 'rbash', 'busybox ash', 'fish', 'bsd-csh', 'tcsh', 'zsh'];

const ASCII = Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index));
const NASTY = [
  ...['', '!!', '!$', '$(reboot)', '`reboot`', '$HOME', '${x:-y}', '$history', '~root', '=sh', '%1', '%self', '^a^b', '{a,b}', '*', '[a]'],
  ...['-x', '--', "it's", '"', '\\', '\\n', "\\'", 'a=b', 'if', 'end', 'a\nb\n', '\n', '\r\n', '\t', '\u001b[31m', '\u007f', 'é', '日本', '😀'],
];

/** Programs with names that mean something to one shell or another. */
const OWN_PROGRAMS = ['if', 'end', 'function', 'repeat', 'no such!', '*', "it's", 'a=b'];
const folder = mkdtempSync(join(tmpdir(), 'droplens-shell-'));
for (const name of OWN_PROGRAMS) writeFileSync(join(folder, name), '#!/bin/sh\necho "ran with $1"\n', { mode: 0o755 });
afterAll(() => rmSync(folder, { recursive: true }));

const text = fc
  .oneof(fc.string(), fc.string({ unit: 'binary', maxLength: 40 }), fc.string({ unit: fc.constantFrom(...NASTY, ...ASCII) }), fc.constantFrom(...NASTY))
  .filter((word) => !word.includes('\0'));

function seenBy(shell: string, words: readonly string[]): string[] {
  const [program = '', ...args] = shell.split(' ');
  const ran = spawnSync(program, [...args, '-c', loginShellLine(['printf', '%s\\0', ...words])], {
    env: { PATH: process.env['PATH'], HOME: '/nonexistent' },
  });
  if (ran.error) throw ran.error;
  expect(ran.stderr.toString()).toBe('');
  return ran.stdout.toString().split('\0').slice(0, -1);
}

describe.each(LOGIN_SHELLS)('a command line for %s as the login shell', (shell) => {
  it('starts the program with exactly these arguments', () => {
    const printable = [...ASCII, ...ASCII.map((one) => `a${one}b`), ...ASCII.map((one) => one + one), ...ASCII.map((one) => `-${one}x`)];
    expect(seenBy(shell, printable)).toEqual(printable);
    expect(seenBy(shell, [...NASTY, ...printable])).toEqual([...NASTY, ...printable]);
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 30 }), (words) => {
        expect(seenBy(shell, words)).toEqual(words);
      }),
      { seed: 20261122, numRuns: 60 },
    );
  });

  it('takes no name of a program for a word of the shell', () => {
    const [program = '', ...args] = shell.split(' ');
    const path = `${folder}:${process.env['PATH'] ?? ''}`;
    // fish takes its keywords for keywords even in quotes; no program that is started on a host has such a name.
    for (const name of OWN_PROGRAMS.filter((one) => shell !== 'fish' || !/^[a-z]+$/.test(one))) {
      const ran = spawnSync(program, [...args, '-c', loginShellLine([name, 'x y'])], { env: { PATH: path, HOME: '/nonexistent' } });
      expect([name, ran.stdout.toString(), ran.stderr.toString()]).toEqual([name, 'ran with x y\n', '']);
    }
  });
});

it('holds nothing but printable ASCII, and nothing that an argument cannot hold', () => {
  expect(loginShellLine(['sh'])).toBe("'sh'");
  expect(loginShellLine(['ip', 'netns', 'exec', 'a b', 'sh'])).toBe("'ip' netns exec a\\ b sh");
  fc.assert(
    fc.property(fc.array(text, { minLength: 1 }), (words) => {
      expect(loginShellLine(words)).toMatch(/^[ -~]+$/);
    }),
    { seed: 20261122 },
  );
  expect(() => loginShellLine(['sh', '\0'])).toThrow(RangeError);
});
