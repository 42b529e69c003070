import type { AnyAuthMethod, AuthenticationType, KeyboardInteractiveCallback, Prompt } from 'ssh2';
import { english, msg } from '../../core/message.js';
import type { AuthMethod, ResolvedHost } from './config/resolveHost.js';
import { IdentityAgent, listIdentities } from './identities.js';
import type { SecretSubject, SshAsker } from './types.js';

/** What the attempts came to, for the sentence that a person reads. */
export interface AuthenticationRecord {
  /** Methods that the server named in its latest refusal. */
  readonly accepted: readonly string[];
  /** What was tried, in order: methods, and keys by name. Never a secret. */
  readonly tried: readonly string[];
}

/** What the attempts need from the connection. */
export interface AuthenticatorOptions {
  readonly host: ResolvedHost;
  readonly interactive: boolean;
  readonly asker: SshAsker;
  /** Runs work that waits for a person under the long deadline. */
  readonly whileAsking: <T>(work: () => Promise<T>) => Promise<T>;
  /** The person cancelled a question: the connection is given up. */
  readonly cancelled: () => void;
}

/** One try; `name` is for people. */
interface Attempt {
  readonly attempt: AnyAuthMethod;
  readonly name: string;
}

/** Rounds of one keyboard-interactive attempt, and questions in one round; a server that asks for ever is left. */
const MAX_ROUNDS = 10;
const MAX_QUESTIONS = 10;
const MAX_PROMPT = 300;

/**
 * Goes through the ways to prove who the user is, in the configured order, each at most once per key and at most
 * {@link ResolvedHost.passwordPrompts} times for what is typed. Only what the server says it accepts is tried.
 */
export class Authenticator {
  private readonly attempts: ReadonlyMap<AuthMethod, AsyncGenerator<Attempt>>;
  private accepted: readonly string[] = [];
  private readonly tried: string[] = [];

  constructor(private readonly options: AuthenticatorOptions) {
    this.attempts = new Map([
      ['publickey', this.keys()],
      ['keyboard-interactive', this.questions()],
      ['password', this.passwords()],
    ]);
  }

  get record(): AuthenticationRecord {
    return { accepted: this.accepted, tried: this.tried };
  }

  /**
   * The next attempt, `false` when there is none. `methodsLeft` is what the server accepts, `null` before it said so.
   * A server that wants several methods one after the other names only those that are still missing.
   */
  async next(methodsLeft: readonly AuthenticationType[] | null): Promise<AnyAuthMethod | false> {
    // "none" makes the server name its methods, and lets in where nothing is asked.
    if (methodsLeft === null) return { type: 'none', username: this.options.host.user };
    this.accepted = methodsLeft;
    for (const method of this.options.host.methods) {
      if (!this.accepted.includes(method)) continue;
      const next = await this.attempts.get(method)?.next();
      if (next === undefined || next.done === true) continue;
      this.tried.push(next.value.name);
      return next.value.attempt;
    }
    return false;
  }

  private async *keys(): AsyncGenerator<Attempt> {
    const { host, interactive, whileAsking } = this.options;
    const ask = (path: string): Promise<string | undefined> =>
      this.ask(english(msg("Enter passphrase for key '{0}'", path)), false, { kind: 'passphrase', file: path, fingerprint: undefined });
    for (const identity of await listIdentities(host, interactive ? ask : undefined, whileAsking)) {
      const attempt = { type: 'agent', username: host.user, agent: new IdentityAgent(identity) } as const;
      yield { attempt, name: identity.name };
    }
  }

  private async *questions(): AsyncGenerator<Attempt> {
    const { host, interactive } = this.options;
    for (let tries = 0; interactive && tries < host.passwordPrompts; tries++) {
      let rounds = 0;
      const prompt = (
        name: string,
        instructions: string,
        _language: string,
        prompts: Prompt[],
        finish: KeyboardInteractiveCallback,
      ): void => {
        rounds++;
        if (rounds > MAX_ROUNDS || prompts.length > MAX_QUESTIONS) {
          finish(prompts.map(() => ''));
          return;
        }
        void this.answer([name, instructions], prompts).then((answers) => {
          if (answers !== undefined) finish(answers);
        });
      };
      const attempt = { type: 'keyboard-interactive', username: host.user, prompt } as const;
      yield { attempt, name: 'keyboard-interactive' };
    }
  }

  private async *passwords(): AsyncGenerator<Attempt> {
    const { host, interactive } = this.options;
    for (let tries = 0; interactive && tries < host.passwordPrompts; tries++) {
      const password = await this.ask(english(msg("{0}@{1}'s password", host.user, host.alias)), false, { kind: 'password', hostKey: '' });
      if (password === undefined) return;
      const attempt = { type: 'password', username: host.user, password } as const;
      yield { attempt, name: 'password' };
    }
  }

  private async answer(preface: readonly string[], prompts: readonly Prompt[]): Promise<string[] | undefined> {
    const answers: string[] = [];
    for (const { prompt, echo } of prompts) {
      const text = await this.ask([...preface, prompt].map(onOneLine).filter((part) => part !== '').join(' · '), echo === true, { kind: 'question' });
      if (text === undefined) return undefined;
      answers.push(text);
    }
    return answers;
  }

  private async ask(prompt: string, echo: boolean, about: SecretSubject): Promise<string | undefined> {
    const { host, asker, whileAsking, cancelled } = this.options;
    const question = { host: `${host.user}@${host.alias}`, prompt: onOneLine(prompt), echo, about, wrong: 0, interactive: true };
    // An asker that fails is an answer that never comes: the same as cancelling.
    const answer = await whileAsking(() => asker.secret(question)).catch(() => undefined);
    if (answer === undefined) cancelled();
    return answer;
  }
}

/** A server's prompt is output of the host: control characters go, and it is short. */
function onOneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ').trim().slice(0, MAX_PROMPT);
}
