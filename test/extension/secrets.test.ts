import { beforeEach, describe, expect, it } from 'vitest';
import { SecretAnswers, type AskPerson, type Offer, type SecretQuestion, type Typed } from '../../src/extension/targets/secretAnswers.js';
import { keptName, KeptSecrets, type KeptName, type SecretMemory } from '../../src/extension/targets/secrets.js';

/** A SecretStorage: nothing but get, store and delete. */
class FakeStore implements SecretMemory {
  readonly entries = new Map<string, string>();
  broken = false;

  get(key: string): Promise<string | undefined> {
    return this.broken ? Promise.reject(new Error('the keyring is locked')) : Promise.resolve(this.entries.get(key));
  }

  store(key: string, value: string): Promise<void> {
    if (this.broken) return Promise.reject(new Error('the keyring is locked'));
    this.entries.set(key, value);
    return Promise.resolve();
  }

  delete(key: string): Promise<void> {
    this.entries.delete(key);
    return Promise.resolve();
  }
}

const HOST_KEY = 'SHA256:host';
const password: SecretQuestion = {
  host: 'ann@web-1', prompt: "ann@web-1's password", echo: false, about: { kind: 'password', hostKey: HOST_KEY }, wrong: 0, interactive: true,
};
const passphrase: SecretQuestion = {
  ...password, prompt: 'Enter passphrase', about: { kind: 'passphrase', file: '/home/ann/.ssh/id', fingerprint: 'SHA256:key' },
};
const code: SecretQuestion = { ...password, prompt: 'Code', about: { kind: 'question' } };
const nameOf = ({ host, about }: Pick<SecretQuestion, 'host' | 'about'>): KeptName => {
  const name = keptName(host, about);
  if (name === undefined) throw new Error('this cannot be kept');
  return name;
};
const background = (question: SecretQuestion): SecretQuestion => ({ ...question, interactive: false });

let store: FakeStore;
let kept: KeptSecrets;
let asked: { question: SecretQuestion; offer: Offer }[];
let person: (Typed | undefined)[];
let problems: string[];
let answers: SecretAnswers;
const ask: AskPerson = (question, offer) => {
  asked.push({ question, offer });
  return Promise.resolve(person.shift());
};
const proved = (question: SecretQuestion, worth: 'right' | 'wrong' | 'unknown'): Promise<void> => answers.proved({ host: question.host, about: question.about, worth });

beforeEach(() => {
  store = new FakeStore();
  kept = new KeptSecrets(store);
  asked = [];
  person = [];
  problems = [];
  answers = new SecretAnswers(kept, ask, (problem) => void problems.push(problem));
});

describe('keeping', () => {
  it('keeps only what a person wanted kept and what has worked', async () => {
    person = [{ value: 'one', keep: false }, { value: 'two', keep: true }];
    expect(await answers.answer(password, undefined)).toBe('one');
    await proved(password, 'right');
    expect(store.entries.size).toBe(0);
    expect(await answers.answer(password, undefined)).toBe('two');
    expect(store.entries.size).toBe(0);
    await proved(password, 'right');
    expect(await kept.list()).toEqual([{ id: expect.any(String), kind: 'password', label: 'ann@web-1', fingerprint: HOST_KEY }]);
    expect(JSON.stringify(await kept.list())).not.toContain('two');
  });

  it.each(['wrong', 'unknown'] as const)('does not keep what proved %s', async (worth) => {
    person = [{ value: 'one', keep: true }];
    await answers.answer(password, undefined);
    await proved(password, worth);
    await proved(password, 'right');
    expect(store.entries.size).toBe(0);
  });

  it('answers with a kept one without asking, in the background too', async () => {
    person = [{ value: 'open sesame', keep: true }];
    await answers.answer(passphrase, undefined);
    await proved(passphrase, 'right');
    expect(await answers.answer(passphrase, undefined)).toBe('open sesame');
    expect(await answers.answer(background(passphrase), undefined)).toBe('open sesame');
    // Another window, another run: the store is all that they share.
    expect(await new SecretAnswers(new KeptSecrets(store), ask, () => undefined).answer(background(passphrase), undefined)).toBe('open sesame');
    expect(asked).toHaveLength(1);
  });

  it('asks nobody in the background', async () => {
    for (const question of [password, passphrase, code]) expect(await answers.answer(background(question), undefined)).toBeNull();
    expect(asked).toEqual([]);
  });

  it('drops a kept one that is wrong, and asks', async () => {
    await kept.keep(nameOf(password), 'old');
    expect(await answers.answer(password, undefined)).toBe('old');
    person = [{ value: 'new', keep: false }];
    expect(await answers.answer({ ...password, wrong: 1 }, undefined)).toBe('new');
    expect(asked[0]?.offer).toEqual({ keep: true, keptWasWrong: true });
    expect(store.entries.size).toBe(0);
  });

  it('remembers what was chosen while the same question is asked again, and no longer', async () => {
    person = [{ value: 'mistyped', keep: true }, { value: 'right', keep: true }, { value: 'x', keep: false }];
    await answers.answer(password, undefined);
    await proved(password, 'wrong');
    expect(await answers.answer({ ...password, wrong: 1 }, undefined)).toBe('right');
    await proved(password, 'right');
    expect(await kept.find(nameOf(password).id)).toBe('right');
    await kept.dropAll();
    await answers.answer(password, undefined);
    expect(asked.map(({ offer }) => offer)).toEqual([
      { keep: false, keptWasWrong: false },
      { keep: true, keptWasWrong: false },
      { keep: false, keptWasWrong: false },
    ]);
  });

  it('drops a kept one that is wrong though nobody is asked again, so that the background does not try it for ever', async () => {
    await kept.keep(nameOf(password), 'old');
    expect(await answers.answer(background(password), undefined)).toBe('old');
    await proved(password, 'wrong');
    expect(await answers.answer(background(password), undefined)).toBeNull();
  });

  it('gives a password to no other host, user or host key', async () => {
    await kept.keep(nameOf(password), 'secret');
    const others: SecretQuestion[] = [
      { ...password, about: { kind: 'password', hostKey: 'SHA256:another' } },
      { ...password, host: 'bob@web-1' },
      { ...password, about: { kind: 'passphrase', file: '/x', fingerprint: HOST_KEY } },
    ];
    for (const other of others) expect(await answers.answer(background(other), undefined)).toBeNull();
  });

  it('finds a passphrase by its key, wherever the file lies and whatever the host', async () => {
    await kept.keep(nameOf(passphrase), 'open sesame');
    const moved: SecretQuestion = { ...passphrase, host: 'bob@web-2', about: { kind: 'passphrase', file: '/else/where', fingerprint: 'SHA256:key' } };
    expect(await answers.answer(background(moved), undefined)).toBe('open sesame');
  });

  it('never keeps a code, nor the passphrase of a key that cannot be told from others, nor an empty answer', async () => {
    const unknownKey: SecretQuestion = { ...passphrase, about: { kind: 'passphrase', file: '/x', fingerprint: null } };
    person = [{ value: '123456', keep: true }, { value: 'p', keep: true }, { value: '', keep: true }];
    for (const question of [code, unknownKey, passphrase]) {
      await answers.answer(question, undefined);
      await proved(question, 'right');
    }
    expect(asked.map(({ offer }) => offer.keep)).toEqual([undefined, undefined, false]);
    expect(store.entries.size).toBe(0);
  });
});

describe('asking', () => {
  it('shows one question at a time, and does not repeat one that has been answered meanwhile', async () => {
    let open = 0;
    let most = 0;
    const slow = new SecretAnswers(
      kept,
      async () => {
        most = Math.max(most, ++open);
        await kept.keep(nameOf(password), 'secret');
        open--;
        return { value: 'secret', keep: false };
      },
      () => undefined,
    );
    expect(await Promise.all([slow.answer(password, undefined), slow.answer(password, undefined), slow.answer(code, undefined)])).toEqual(Array(3).fill('secret'));
    expect(most).toBe(1);
  });

  it('does not show a question that was taken back while it waited', async () => {
    const token = { isCancellationRequested: true, onCancellationRequested: () => ({ dispose: () => undefined }) };
    expect(await answers.answer(password, token)).toBeNull();
    expect(asked).toEqual([]);
  });

  it('turned away is no answer, and the next question is shown', async () => {
    person = [undefined, { value: 'x', keep: false }];
    expect(await answers.answer(password, undefined)).toBeNull();
    expect(await answers.answer(password, undefined)).toBe('x');
  });

  it('goes on without a store that does not work, and says so without the secret', async () => {
    store.broken = true;
    person = [{ value: 'planted', keep: true }];
    expect(await answers.answer(password, undefined)).toBe('planted');
    await proved(password, 'right');
    expect([...new Set(problems)]).toEqual(['the keyring is locked']);
  });
});

describe('the store', () => {
  const name = (user: string): KeptName => nameOf({ host: `${user}@web-1`, about: password.about });

  it('loses nothing when several are kept at once, and forgets one or all', async () => {
    await Promise.all(['ann', 'bob', 'eve'].map((user) => kept.keep(name(user), `${user}'s`)));
    expect((await kept.list()).map(({ label }) => label)).toEqual(['ann@web-1', 'bob@web-1', 'eve@web-1']);
    await kept.keep(name('bob'), 'newer');
    expect(await kept.find(name('bob').id)).toBe('newer');
    await kept.drop(name('bob').id);
    expect(await kept.find(name('bob').id)).toBeUndefined();
    expect(await kept.find(name('ann').id)).toBe("ann's");
    await kept.dropAll();
    expect(store.entries.size).toBe(0);
  });

  it.each(['', 'null', '{"version":2,"secrets":[]}', '{"version":1,"secrets":[{"id":1}]}', '[]'])('takes %j for empty, and writes over it', async (text) => {
    store.entries.set('droplens.ssh.kept', text);
    expect(await kept.list()).toEqual([]);
    await kept.keep(name('ann'), 'x');
    expect(await kept.find(name('ann').id)).toBe('x');
  });
});
