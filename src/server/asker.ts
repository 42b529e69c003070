import type { SecretQuestion, SecretSubject, SshAsker } from '../collect/ssh/types.js';
import { TransportError } from '../collect/transport.js';
import { ServerNotifications, ServerRequests, type SecretAbout } from '../protocol/messages.js';
import type { AskSecret } from './rootAccess.js';
import type { Rpc } from './rpc.js';

/**
 * Does work that makes one connection and asks a person through the extension. When the work ends, questions that are
 * still on the screen are taken back, and the extension is told what each answer was worth: only an answer that
 * worked may be kept. `asked`: the name under which the person knows the target.
 */
export async function askingFor<T>(rpc: Rpc, asked: string, work: (asker: SshAsker) => Promise<T>): Promise<T> {
  const end = new AbortController();
  /** Answers on which nobody has spoken yet, by what they open. */
  const open = new Map<string, SecretQuestion>();
  const tell = (question: SecretQuestion, worth: 'right' | 'wrong' | 'unknown'): void => {
    open.delete(keyOf(question));
    rpc.notify(ServerNotifications.secretProved, { host: question.host, about: aboutOf(question.about), worth });
  };
  const asker: SshAsker = {
    hostKey: async ({ host, keyType, fingerprint, hop, alreadyKnown }) => {
      const question = { asked, host, keyType, fingerprint, hop, alreadyKnown: [...alreadyKnown] };
      return (await rpc.request(ServerRequests.askHostKey, question, end.signal)).trust;
    },
    secret: async (question) => {
      const { host, prompt, echo, about, wrong, interactive } = question;
      const params = { host, prompt, echo, about: aboutOf(about), wrong, interactive };
      const { value } = await rpc.request(ServerRequests.askSecret, params, end.signal);
      if (value === null) return undefined;
      // Nobody keeps the answer to a server's question, so nobody waits to hear about it.
      if (about.kind !== 'question') open.set(keyOf(question), question);
      return value;
    },
    proved: (question, right) => {
      if (open.has(keyOf(question))) tell(question, right ? 'right' : 'wrong');
    },
  };
  let worth: 'right' | 'wrong' | 'unknown' = 'unknown';
  try {
    const result = await work(asker);
    worth = 'right';
    return result;
  } catch (error) {
    if (error instanceof TransportError && error.reason === 'authentication') worth = 'wrong';
    throw error;
  } finally {
    end.abort();
    // What made the connection does not see each answer's fate; how the whole ended says it.
    for (const question of [...open.values()]) tell(question, worth);
  }
}

/** Asks for what is never kept by the extension. */
export function secretAsker(rpc: Rpc): AskSecret {
  return async (question) =>
    (await rpc.request(ServerRequests.askSecret, { ...question, about: { kind: 'question' }, wrong: 0, interactive: true })).value ??
    undefined;
}

function aboutOf(about: SecretSubject): SecretAbout {
  return about.kind === 'passphrase' ? { ...about, fingerprint: about.fingerprint ?? null } : about;
}

function keyOf({ host, about }: SecretQuestion): string {
  return JSON.stringify([host, aboutOf(about)]);
}
