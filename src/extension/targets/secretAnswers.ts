import type * as v from 'valibot';
import type { ServerNotifications, ServerRequests } from '../../protocol/messages.js';
import type { Token } from '../client/link.js';
import { keptName, type KeptName, type KeptSecrets } from './secrets.js';

export type SecretQuestion = v.InferOutput<typeof ServerRequests.askSecret.params>;
export type SecretVerdict = v.InferOutput<typeof ServerNotifications.secretProved.params>;

/** What a person typed; `keep`: they want it kept. */
export interface Typed {
  readonly value: string;
  readonly keep: boolean;
}

/** What the box says about keeping: `undefined` where the answer cannot be kept, else whether it will be unless the person changes that. */
export interface Offer {
  readonly keep: boolean | undefined;
  /** The answer before this question was a kept one, and it was wrong. */
  readonly keptWasWrong: boolean;
}

/** Shows a question until it is answered, turned away (`undefined`) or taken back. */
export type AskPerson = (question: SecretQuestion, offer: Offer, token: Token | undefined) => Promise<Typed | undefined>;

/** Answers questions for secrets: with a kept one while none was wrong, else with what a person types, one question at a time. */
export class SecretAnswers {
  #turn: Promise<unknown> = Promise.resolve();
  /** Typed, to be kept, and not known to be right yet. */
  readonly #offered = new Map<string, { readonly name: KeptName; readonly value: string }>();
  /** What to offer should the latest answer be wrong: a choice stands until the question is through. */
  readonly #again = new Map<string, { readonly keep: boolean; readonly keptWasWrong: boolean }>();

  constructor(
    private readonly kept: KeptSecrets,
    private readonly ask: AskPerson,
    /** Told in a sentence when the secret store does not do its work. */
    private readonly failed: (problem: string) => void,
  ) {}

  /** `null`: turned away, or nothing is kept and nobody may be asked. */
  async answer(question: SecretQuestion, token: Token | undefined): Promise<string | null> {
    const name = keptName(question.host, question.about);
    if (name !== undefined && question.wrong > 0) await this.#drop(name);
    const known = await this.#find(question, name);
    if (known !== undefined) return known;
    if (!question.interactive) return null;
    const asked = this.#turn.then(() => this.#askInTurn(question, name, token));
    this.#turn = asked.catch(() => undefined);
    return await asked;
  }

  /** Keeps what was to be kept and has proved right; forgets what has proved wrong. */
  async proved({ host, about, worth }: SecretVerdict): Promise<void> {
    const name = keptName(host, about);
    if (name === undefined) return;
    if (worth === 'wrong') return await this.#drop(name);
    this.#again.delete(name.id);
    const offered = this.#offered.get(name.id);
    this.#offered.delete(name.id);
    if (worth === 'right' && offered !== undefined) await this.#guarded(this.kept.keep(offered.name, offered.value));
  }

  async #askInTurn(question: SecretQuestion, name: KeptName | undefined, token: Token | undefined): Promise<string | null> {
    if (token?.isCancellationRequested === true) return null;
    // The question before this one may have been for the same key.
    const known = await this.#find(question, name);
    if (known !== undefined) return known;
    const before = name === undefined || question.wrong === 0 ? undefined : this.#again.get(name.id);
    const offer = { keep: name === undefined ? undefined : (before?.keep ?? false), keptWasWrong: before?.keptWasWrong ?? false };
    const typed = await this.ask(question, offer, token);
    if (typed === undefined) return null;
    if (name !== undefined) this.#again.set(name.id, { keep: typed.keep, keptWasWrong: false });
    if (name !== undefined && typed.keep && typed.value !== '') this.#offered.set(name.id, { name, value: typed.value });
    return typed.value;
  }

  async #find(question: SecretQuestion, name: KeptName | undefined): Promise<string | undefined> {
    if (name === undefined || question.wrong > 0) return undefined;
    const value = await this.#guarded(this.kept.find(name.id));
    if (value !== undefined) this.#again.set(name.id, { keep: true, keptWasWrong: true });
    return value;
  }

  async #drop(name: KeptName): Promise<void> {
    this.#offered.delete(name.id);
    await this.#guarded(this.kept.drop(name.id));
  }

  /** A store that does not work is said and does not keep anybody from connecting. */
  async #guarded<T>(work: Promise<T>): Promise<T | undefined> {
    try {
      return await work;
    } catch (error) {
      this.failed(error instanceof Error ? error.message : String(error));
      return undefined;
    }
  }
}
