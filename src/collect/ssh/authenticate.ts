import type { AnyAuthMethod, AuthenticationType, KeyboardInteractiveCallback, Prompt } from 'ssh2';
import { english, msg } from '../../core/message.js';
import type { AuthMethod, ResolvedHost } from './config/resolveHost.js';
import { IdentityAgent, listIdentities, type Asked } from './identities.js';
import type { SecretQuestion, SecretSubject, SshAsker } from './types.js';

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
  /** The host key that this connection has verified, as `SHA256:…`. */
  readonly hostKeyFingerprint: () => string;
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
  /** The password on which the server has not spoken yet. */
  private pending: Asked | undefined;
  /** The key that is being tried. */
  private offered: IdentityAgent | undefined;

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
   * `partial`: the latest attempt was right, and the server wants another method besides; it names only those that are
   * still missing.
   */
  async next(methodsLeft: readonly AuthenticationType[] | null, partial: boolean): Promise<AnyAuthMethod | false> {
    // "none" makes the server name its methods, and lets in where nothing is asked.
    if (methodsLeft === null) return { type: 'none', username: this.options.host.user };
    this.judge(partial);
    // A server that let a signature pass and still did not let the user in wants another method besides. The library does not
    // hand on what it named after a key of an agent: asked for "none", it names its methods again.
    const mayHaveChanged = this.offered?.signed === true;
    this.offered = undefined;
    if (mayHaveChanged) return { type: 'none', username: this.options.host.user };
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

  /** The server let the user in. */
  succeeded(): void {
    this.judge(true);
  }

  private judge(right: boolean): void {
    this.pending?.proved(right);
    this.pending = undefined;
  }

  private async *keys(): AsyncGenerator<Attempt> {
    const { host, whileAsking } = this.options;
    const passphrases = {
      tries: host.passwordPrompts,
      ask: (file: string, fingerprint: string | undefined, wrong: number): Promise<Asked | undefined> =>
        this.ask({
          prompt: english(msg("Enter passphrase for key '{0}'", file)),
          echo: false,
          about: { kind: 'passphrase', file, fingerprint },
          wrong,
        }),
    };
    for (const identity of await listIdentities(host, passphrases, whileAsking)) {
      this.offered = new IdentityAgent(identity);
      const attempt = { type: 'agent', username: host.user, agent: this.offered } as const;
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
        void this.answer([name, instructions], prompts, tries).then((answers) => {
          if (answers !== undefined) finish(answers);
        });
      };
      const attempt = { type: 'keyboard-interactive', username: host.user, prompt } as const;
      yield { attempt, name: 'keyboard-interactive' };
    }
  }

  private async *passwords(): AsyncGenerator<Attempt> {
    const { host, hostKeyFingerprint } = this.options;
    for (let wrong = 0; wrong < host.passwordPrompts; wrong++) {
      const about: SecretSubject = { kind: 'password', hostKey: hostKeyFingerprint() };
      const prompt = english(msg("{0}@{1}'s password", host.user, host.alias));
      const password = await this.ask({ prompt, echo: false, about, wrong });
      if (password === undefined) return;
      this.pending = password;
      const attempt = { type: 'password', username: host.user, password: password.value } as const;
      yield { attempt, name: 'password' };
    }
  }

  private async answer(preface: readonly string[], prompts: readonly Prompt[], wrong: number): Promise<string[] | undefined> {
    const answers: string[] = [];
    for (const { prompt, echo } of prompts) {
      const text = [...preface, prompt].map(onOneLine).filter((part) => part !== '').join(' · ');
      const answer = await this.ask({ prompt: text, echo: echo === true, about: { kind: 'question' }, wrong });
      if (answer === undefined) return undefined;
      answers.push(answer.value);
    }
    return answers;
  }

  /** `undefined` when a person cancelled, or when there is nobody to ask and no kept answer. */
  private async ask(question: Omit<SecretQuestion, 'host' | 'interactive'>): Promise<Asked | undefined> {
    const { host, asker, interactive, whileAsking, cancelled } = this.options;
    const whole = { ...question, host: `${host.user}@${host.alias}`, prompt: onOneLine(question.prompt), interactive };
    // An asker that fails is an answer that never comes: the same as cancelling.
    const value = await whileAsking(() => asker.secret(whole)).catch(() => undefined);
    if (value !== undefined) return { value, proved: (right) => asker.proved?.(whole, right) };
    if (interactive) cancelled();
    return undefined;
  }
}

/** A server's prompt is output of the host: control characters go, and it is short. */
function onOneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ').trim().slice(0, MAX_PROMPT);
}
