import { randomBytes } from 'node:crypto';
import { chmod, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { withFileLock } from './fileLock.js';
import { fingerprint, keyTypeOf, sameKey } from './knownHosts.js';
import type { OwnStoreOutcome } from './hostKeyPolicy.js';

/** Host keys that a person accepted here. Kept apart from known_hosts, which belongs to OpenSSH and is never written. */
export interface HostKeyStore {
  /** Where the keys are kept, for people: a changed key is forgotten by removing its entry there. */
  readonly location: string;
  /** Keys recorded under a name (see `knownHostName`), in SSH wire format. Rejects when the store cannot be read. */
  keysOf(name: string): Promise<readonly Buffer[]>;
  /** Records a key under a name. Rejects when the store cannot be written. */
  add(name: string, key: Buffer): Promise<void>;
}

/** A key on record, as a person tells it from others. */
export interface RecordedHostKey {
  readonly host: string;
  readonly keyType: string;
  /** `SHA256:` and base64 without padding. */
  readonly fingerprint: string;
}

/** A store that can also show what is in it and forget one key. */
export interface HostKeyBook extends HostKeyStore {
  list(): Promise<RecordedHostKey[]>;
  /** `false` when that key was not on record. */
  forget(host: string, fingerprint: string): Promise<boolean>;
}

/** Names to keys in base64, as they stand in the file. */
type Entries = Map<string, string[]>;

/** What recorded keys say about the key that a server showed. */
export function compareWithOwn(keys: readonly Buffer[], key: Buffer): OwnStoreOutcome {
  if (keys.length === 0) return { kind: 'unknown' };
  if (keys.some((own) => sameKey(own, key))) return { kind: 'match' };
  const type = keyTypeOf(key);
  const expected = keys.find((own) => keyTypeOf(own) === type);
  if (expected !== undefined) return { kind: 'mismatch', expected };
  return { kind: 'other-key-type', types: keys.map((own) => keyTypeOf(own) ?? '?') };
}

/**
 * A store in one JSON file, `{"version":1,"hosts":{"name":["base64 key"]}}`, readable by its owner only. A file that
 * exists and cannot be understood rejects: an unreadable store must not look like an empty one.
 */
export function fileHostKeyStore(file: string): HostKeyBook {
  let writing: Promise<void> = Promise.resolve();
  const add = async (name: string, key: Buffer): Promise<void> => {
    const entries = await load(file);
    const text = key.toString('base64');
    const keys = entries.get(name) ?? [];
    if (keys.includes(text)) return;
    entries.set(name, [...keys, text]);
    await save(file, entries);
  };
  const forget = async (host: string, shown: string): Promise<boolean> => {
    const entries = await load(file);
    const keys = entries.get(host) ?? [];
    const left = keys.filter((text) => fingerprint(Buffer.from(text, 'base64')) !== shown);
    if (left.length === keys.length) return false;
    if (left.length === 0) entries.delete(host);
    else entries.set(host, left);
    await save(file, entries);
    return true;
  };
  const recorded = async (name: string, key: Buffer): Promise<boolean> =>
    (await load(file)).get(name)?.includes(key.toString('base64')) === true;
  /** One at a time, in all processes: two connections that accept a key at once must not lose one of them. */
  const inTurn = <T>(change: () => Promise<T>): Promise<T> => {
    const changed = writing.then(async () => {
      await mkdir(dirname(file), { recursive: true, mode: 0o700 });
      return await withFileLock(file, change);
    });
    // A failure is reported to the caller that it belongs to and does not stop the next one.
    writing = changed.then(
      () => undefined,
      () => undefined,
    );
    return changed;
  };
  return {
    location: file,
    keysOf: async (name) => {
      await writing;
      return ((await load(file)).get(name) ?? []).map((text) => Buffer.from(text, 'base64'));
    },
    add: async (name, key) => {
      // A known key is met at every connection: that costs a look, and no lock.
      if (!(await recorded(name, key))) await inTurn(() => add(name, key));
    },
    list: async () => {
      await writing;
      return [...(await load(file))].flatMap(([host, keys]) =>
        keys.map((text) => {
          const key = Buffer.from(text, 'base64');
          return { host, keyType: keyTypeOf(key) ?? '?', fingerprint: fingerprint(key) };
        }),
      );
    },
    forget: (host, shown) => inTurn(() => forget(host, shown)),
  };
}

async function load(file: string): Promise<Entries> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return new Map();
    throw error;
  }
  return parseEntries(JSON.parse(text), file);
}

function parseEntries(value: unknown, file: string): Entries {
  const broken = (): Error => new Error(`${file} is not a host key store of this version`);
  if (typeof value !== 'object' || value === null || !('version' in value) || value.version !== 1) throw broken();
  if (!('hosts' in value) || typeof value.hosts !== 'object' || value.hosts === null) throw broken();
  const entries: Entries = new Map();
  for (const [name, keys] of Object.entries(value.hosts)) {
    if (!Array.isArray(keys) || !keys.every((key): key is string => typeof key === 'string')) throw broken();
    entries.set(name, keys);
  }
  return entries;
}

/** Writes beside the file and renames, so that a crash leaves the old contents or the new, never half of them. */
async function save(file: string, entries: Entries): Promise<void> {
  const draft = `${file}.${randomBytes(6).toString('hex')}`;
  try {
    const handle = await open(draft, 'wx', 0o600);
    try {
      await handle.writeFile(`${JSON.stringify({ version: 1, hosts: Object.fromEntries(entries) }, null, 2)}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await chmod(draft, 0o600);
    await rename(draft, file);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}
