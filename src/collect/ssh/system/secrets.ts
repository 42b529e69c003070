import type { ResolvedHost } from '../config/resolvedHost.js';
import { readKeyFile } from '../keyFile.js';
import { fingerprint } from '../knownHosts.js';
import type { SecretQuestion, SecretSubject, SshAsker } from '../types.js';

/** What the questions of one connection depend on. */
export interface SecretContext {
  readonly target: ResolvedHost;
  /** The jump hosts on the way. */
  readonly hops: readonly ResolvedHost[];
  readonly asker: SshAsker;
  readonly interactive: boolean;
  /**
   * Whether what a server asks can be told from what `ssh` itself asks: since OpenSSH 8.5 a server’s prompt begins
   * with `(user@host)`. Where it cannot, no answer is taken from what is kept, since a server could ask for it.
   */
  readonly promptsMarked: boolean;
  /** Fingerprint of the key with which this host proved itself in this connection. */
  readonly provedBy: (host: ResolvedHost) => Promise<string | undefined>;
  /** What `ssh` has printed since the last question: a server’s instructions stand there. */
  readonly printed: () => string;
}

/** `skip`: this one has no answer, and `ssh` goes on without; `stop`: the connection is to be given up. */
export type SecretAnswer =
  | { readonly kind: 'answer'; readonly text: string }
  | { readonly kind: 'skip' }
  | { readonly kind: 'stop'; readonly why: 'cancelled' | 'nobody' | 'enough' };

/** Answers to one question, and to all questions of a connection; a server that asks for ever is left. */
const MAX_SAME = 3;
const MAX_ALL = 30;
const MAX_PROMPT = 300;

/** Turns the prompts of `ssh` into questions for a person, and tells the asker what the answers were worth. */
export class Secrets {
  private readonly asked = new Map<string, number>();
  private readonly given: { readonly prompt: string; readonly question: SecretQuestion }[] = [];
  private all = 0;

  constructor(private readonly context: SecretContext) {}

  /** Answers a prompt. Never rejects. */
  async answer(prompt: string): Promise<SecretAnswer> {
    const { asker, interactive } = this.context;
    const wrong = this.asked.get(prompt) ?? 0;
    this.asked.set(prompt, wrong + 1);
    this.all++;
    // That it is asked again says what the answer before was worth.
    this.judge(false, prompt);
    const question = await this.questionOf(prompt, wrong);
    const none = (why: 'nobody' | 'enough'): SecretAnswer =>
      question.about.kind === 'passphrase' ? { kind: 'skip' } : { kind: 'stop', why };
    if (wrong >= MAX_SAME || this.all > MAX_ALL) return none('enough');
    // An asker that fails is an answer that never comes: the same as cancelling.
    const text = await asker.secret(question).catch(() => undefined);
    if (text === undefined) return interactive ? { kind: 'stop', why: 'cancelled' } : none('nobody');
    this.given.push({ prompt, question });
    // One line is what ssh reads.
    return { kind: 'answer', text: text.replace(/[\r\n].*$/s, '') };
  }

  /** The connection stands. */
  succeeded(): void {
    // Of the last answer that ssh takes for a key it is not known whether it opened it: another key may have been let in.
    for (const { question } of this.given.splice(0)) {
      if (question.about.kind !== 'passphrase' || question.wrong < MAX_SAME - 1) this.context.asker.proved?.(question, true);
    }
  }

  /** The host let nobody in. A passphrase may have been right all the same. */
  failed(): void {
    for (const { question } of this.given.splice(0)) {
      if (question.about.kind === 'password') this.context.asker.proved?.(question, false);
    }
  }

  private judge(right: boolean, prompt: string): void {
    const index = this.given.findIndex((one) => one.prompt === prompt);
    if (index < 0) return;
    for (const { question } of this.given.splice(index, 1)) this.context.asker.proved?.(question, right);
  }

  private async questionOf(prompt: string, wrong: number): Promise<SecretQuestion> {
    const { target, interactive } = this.context;
    const { about, host } = await this.subjectOf(prompt);
    const said = about.kind === 'question' ? lastLines(this.context.printed()) : '';
    return {
      host: `${host.user}@${(host === target ? target.alias : host.alias)}`,
      prompt: onOneLine(said === '' ? prompt : `${said} · ${prompt}`),
      echo: false,
      about,
      wrong,
      interactive,
    };
  }

  private async subjectOf(prompt: string): Promise<{ readonly about: SecretSubject; readonly host: ResolvedHost }> {
    const { target, hops, promptsMarked, provedBy } = this.context;
    const question = { about: { kind: 'question' }, host: target } as const;
    if (!promptsMarked) return question;
    const key = /^Enter passphrase for key '([^\n]+)': $/.exec(prompt)?.[1];
    if (key !== undefined) {
      const file = wholePath(key, [target, ...hops]);
      return { about: { kind: 'passphrase', file, fingerprint: await fingerprintOf(file) }, host: target };
    }
    for (const host of [target, ...hops]) {
      if (prompt !== `${host.user}@${host.hostKeyAlias ?? host.hostName}'s password: `) continue;
      const hostKey = await provedBy(host);
      return hostKey === undefined ? { ...question, host } : { about: { kind: 'password', hostKey }, host };
    }
    return question;
  }
}

/** ssh cuts the path in its prompt at 100 characters (sshconnect2.c, load_identity_file). */
function wholePath(shown: string, hosts: readonly ResolvedHost[]): string {
  if (shown.length < 100) return shown;
  const files = hosts.flatMap(({ identityFiles, defaultIdentityFiles }) => [...identityFiles, ...defaultIdentityFiles]);
  return files.find((file) => file.startsWith(shown)) ?? shown;
}

async function fingerprintOf(file: string): Promise<string | undefined> {
  const key = await readKeyFile(file);
  if (key.kind === 'locked' && key.publicKey !== undefined) return fingerprint(key.publicKey.getPublicSSH());
  return undefined;
}

function lastLines(text: string): string {
  return text.split('\n').map(onOneLine).filter((line) => line !== '').slice(-2).join(' · ');
}

/** A server’s prompt is output of the host: control characters go, and it is short. */
function onOneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ').trim().slice(0, MAX_PROMPT);
}
