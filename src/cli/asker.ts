import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import type { SshAsker } from '../collect/ssh/types.js';
import { english, msg } from '../core/message.js';

/** Asks on the terminal, on stderr, so that stdout holds the answer alone. Keeps nothing: without a person there is no answer. */
export function terminalAsker(input: NodeJS.ReadStream, output: NodeJS.WriteStream): SshAsker {
  return {
    hostKey: async ({ host, keyType, fingerprint, hop, alreadyKnown }) => {
      const lines = [
        msg("The authenticity of host '{0}' can't be established.", host),
        ...(hop === null ? [] : [msg('It is a jump host: {0}.', hop)]),
        msg('{0} key fingerprint is {1}.', keyType, fingerprint),
        ...(alreadyKnown.length === 0
          ? []
          : [msg('Careful: another key of this host is on record ({0}). Its owner may have added this one, or somebody else answers.', alreadyKnown.join(', '))]),
        msg('Continue connecting (yes/no)?'),
      ];
      return (await ask(input, output, `${lines.map(english).join('\n')} `, true)) === 'yes';
    },
    secret: ({ host, prompt, echo, wrong, interactive }) => {
      if (!interactive) return Promise.resolve(undefined);
      if (wrong > 0) output.write(`${english(msg('That was not right, please try again.'))}\n`);
      return ask(input, output, `${host}: ${prompt.replace(/:?\s*$/, ':')} `, echo);
    },
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
