import * as v from 'valibot';
import type { SecretAbout } from '../../protocol/messages.js';

/** The part of VS Code's `SecretStorage` that is used. */
export interface SecretMemory {
  get(key: string): PromiseLike<string | undefined>;
  store(key: string, value: string): PromiseLike<void>;
  delete(key: string): PromiseLike<void>;
}

/** A kept secret as people may see it: never its value. */
export interface KeptName {
  readonly id: string;
  readonly kind: 'passphrase' | 'password';
  /** `user@host` of a password, the file of a passphrase. */
  readonly label: string;
  /** Fingerprint of the host key or of the key that the secret belongs to. */
  readonly fingerprint: string;
}

/**
 * All secrets are one entry of the store, since a `SecretStorage` cannot say what it holds: one that were missing from a
 * list of names kept elsewhere could never be forgotten.
 */
const KEY = 'droplens.ssh.kept';
const Kept = v.object({
  version: v.literal(1),
  secrets: v.array(
    v.object({
      id: v.string(),
      kind: v.picklist(['passphrase', 'password']),
      label: v.string(),
      fingerprint: v.string(),
      value: v.string(),
    }),
  ),
});
type Entry = v.InferOutput<typeof Kept>['secrets'][number];

/**
 * The name under which an answer may be kept; `undefined`: never. A password belongs to a user at the machine that proved
 * itself with this host key, so that it is not given to another one of the same name. A code is used once.
 */
export function keptName(host: string, about: SecretAbout): KeptName | undefined {
  switch (about.kind) {
    case 'passphrase':
      return about.fingerprint === null
        ? undefined
        : { id: JSON.stringify(['passphrase', about.fingerprint]), kind: 'passphrase', label: about.file, fingerprint: about.fingerprint };
    case 'password':
      return { id: JSON.stringify(['password', host, about.hostKey]), kind: 'password', label: host, fingerprint: about.hostKey };
    case 'question':
      return undefined;
  }
}

/** Secrets that a person wanted kept, in the system's secret store. */
export class KeptSecrets {
  /** Changes happen one after the other, because each writes the whole entry. */
  #changing: Promise<unknown> = Promise.resolve();

  constructor(private readonly memory: SecretMemory) {}

  /** Rejects when the store cannot be read. */
  async find(id: string): Promise<string | undefined> {
    return (await this.#read()).find((entry) => entry.id === id)?.value;
  }

  async list(): Promise<KeptName[]> {
    return (await this.#read()).map(({ id, kind, label, fingerprint }) => ({ id, kind, label, fingerprint }));
  }

  keep(name: KeptName, value: string): Promise<void> {
    const { id, kind, label, fingerprint } = name;
    return this.#change((entries) => [...entries.filter((entry) => entry.id !== id), { id, kind, label, fingerprint, value }]);
  }

  drop(id: string): Promise<void> {
    return this.#change((entries) => (entries.some((entry) => entry.id === id) ? entries.filter((entry) => entry.id !== id) : entries));
  }

  /** Forgets everything, also what cannot be read. */
  dropAll(): Promise<void> {
    return this.#inTurn(async () => {
      await this.memory.delete(KEY);
    });
  }

  #change(edit: (entries: readonly Entry[]) => readonly Entry[]): Promise<void> {
    return this.#inTurn(async () => {
      const before = await this.#read();
      const after = edit(before);
      if (after === before) return;
      if (after.length === 0) await this.memory.delete(KEY);
      else await this.memory.store(KEY, JSON.stringify({ version: 1, secrets: after }));
    });
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#changing.then(work);
    this.#changing = done.catch(() => undefined);
    return done;
  }

  /** An entry that is not understood holds nothing that could be used: it is asked for anew, and written over. */
  async #read(): Promise<readonly Entry[]> {
    const text = await this.memory.get(KEY);
    if (text === undefined) return [];
    try {
      const parsed = v.safeParse(Kept, JSON.parse(text));
      return parsed.success ? parsed.output.secrets : [];
    } catch {
      return [];
    }
  }
}
