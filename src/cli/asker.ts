import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import type { SshAsker } from '../collect/ssh/types.js';
import { english, msg } from '../core/message.js';

/** Asks on the terminal, on stderr, so that stdout holds the answer alone. */
export function terminalAsker(input: NodeJS.ReadStream, output: NodeJS.WriteStream): SshAsker {
  return {
    hostKey: async ({ host, keyType, fingerprint }) => {
      const question = msg("The authenticity of host '{0}' can't be established.\n{1} key fingerprint is {2}.\nContinue connecting (yes/no)? ", host, keyType, fingerprint);
      return (await ask(input, output, english(question), true)) === 'yes';
    },
    secret: ({ host, prompt, echo }) => ask(input, output, `${host}: ${prompt.trimEnd()} `, echo),
  };
}

/** `undefined` when the input ended without an answer. */
function ask(input: NodeJS.ReadStream, output: NodeJS.WriteStream, question: string, echo: boolean): Promise<string | undefined> {
  output.write(question);
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input, output: echo ? output : silent, terminal: true });
  return new Promise((resolve) => {
    let answer: string | undefined;
    lines.once('line', (line) => {
      answer = line;
      lines.close();
    });
    lines.once('close', () => {
      if (!echo) output.write('\n');
      resolve(answer);
    });
  });
}
