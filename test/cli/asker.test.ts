import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { terminalAsker } from '../../src/cli/asker.js';
import type { SecretQuestion } from '../../src/collect/ssh/types.js';

/** A terminal in which the answer is typed as soon as a question is on it. */
function terminal(...lines: string[]): { asker: ReturnType<typeof terminalAsker>; shown: () => string } {
  const input = new PassThrough();
  const output = new PassThrough();
  let shown = '';
  output.on('data', (chunk: Buffer) => {
    shown += chunk.toString();
    if (/[:?] $/.test(shown) && lines.length > 0) input.write(`${lines.shift() ?? ''}\n`);
  });
  const asker = terminalAsker(input as unknown as NodeJS.ReadStream, output as unknown as NodeJS.WriteStream);
  return { asker, shown: () => shown };
}

const question: SecretQuestion = {
  host: 'ann@web-1', prompt: "ann@web-1's password", echo: false, about: { kind: 'password', hostKey: 'SHA256:h' }, wrong: 0, interactive: true,
};

it('asks without showing what is typed, and says when it was wrong', async () => {
  const { asker, shown } = terminal('planted');
  expect(await asker.secret({ ...question, wrong: 1 })).toBe('planted');
  expect(shown()).toBe("That was not right, please try again.\nann@web-1: ann@web-1's password: \n");
});

it('asks nobody where nobody can be asked', async () => {
  const { asker, shown } = terminal('planted');
  expect(await asker.secret({ ...question, interactive: false })).toBeUndefined();
  expect(shown()).toBe('');
});

it.each([['yes', true], ['y', false], ['', false], ['YES', false]])('takes %j for an unknown host key', async (typed, trust) => {
  const { asker, shown } = terminal(typed);
  const key = { host: '10.0.0.1', keyType: 'ssh-ed25519', fingerprint: 'SHA256:abc', hop: null, alreadyKnown: ['ssh-rsa'] };
  expect(await asker.hostKey(key)).toBe(trust);
  expect(shown()).toContain('ssh-ed25519 key fingerprint is SHA256:abc.');
  expect(shown()).toContain('another key of this host is on record (ssh-rsa)');
});
