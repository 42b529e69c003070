import ssh2, { type BaseAgent, type IdentityCallback, type ParsedKey, type SignCallback, type SigningRequestOptions } from 'ssh2';
import type { ResolvedHost } from './config/resolveHost.js';
import { readKeyFile, unlock, type KeyFile } from './keyFile.js';
import { fingerprint } from './knownHosts.js';

/** A key that can be offered to a server. */
export interface Identity {
  /** For people: the file's path, or the agent's comment. */
  readonly name: string;
  /** The public half; may need the passphrase. `undefined` when the key stays locked. */
  publicKey(): Promise<ParsedKey | undefined>;
  /** Signs; rejects when the key stays locked or the agent refuses. */
  sign(data: Buffer, options: SigningRequestOptions): Promise<Buffer>;
}

/** An answer, and where to tell what it was worth. */
export interface Asked {
  readonly value: string;
  proved(right: boolean): void;
}

/** Where the passphrases of key files come from: a person, or where they are kept. */
export interface Passphrases {
  /** How many answers are tried on one key. */
  readonly tries: number;
  /** `wrong` answers were given before; `undefined` = the key is left out. */
  ask(file: string, fingerprint: string | undefined, wrong: number): Promise<Asked | undefined>;
}

/**
 * Keys in the order in which they are offered: the agent's keys that the configuration names, the agent's other keys
 * (not with `IdentitiesOnly`), then key files. A file whose key the agent holds is not offered twice.
 */
export async function listIdentities(
  host: ResolvedHost,
  passphrases: Passphrases,
  whileSigning: <T>(work: () => Promise<T>) => Promise<T>,
): Promise<Identity[]> {
  const paths = host.identityFiles.length > 0 ? host.identityFiles : host.defaultIdentityFiles;
  const files = await Promise.all(paths.map(async (path) => ({ path, file: await readKeyFile(path) })));
  const named = new Set<string>();
  for (const { file } of files) {
    const key = file.kind === 'ready' ? file.key : file.kind === 'locked' || file.kind === 'public' ? file.publicKey : undefined;
    if (key !== undefined) named.add(blobOf(key));
  }
  const agent = host.agentSocket === undefined || host.agentSocket === '' ? undefined : ssh2.createAgent(host.agentSocket);
  const held = agent === undefined ? [] : await agentKeys(agent);
  const inAgent = new Set(held.map(blobOf));
  const preferred = held.filter((key) => named.has(blobOf(key)));
  const others = host.identitiesOnly ? [] : held.filter((key) => !named.has(blobOf(key)));
  const identities: Identity[] = [];
  if (agent !== undefined) {
    for (const key of [...preferred, ...others]) identities.push(agentIdentity(agent, key, whileSigning));
  }
  for (const { path, file } of files) {
    if (file.kind === 'ready' && !inAgent.has(blobOf(file.key))) identities.push(openIdentity(path, file.key));
    if (file.kind !== 'locked') continue;
    if (file.publicKey !== undefined && inAgent.has(blobOf(file.publicKey))) continue;
    identities.push(lockedIdentity(path, file, passphrases));
  }
  return identities;
}

function openIdentity(name: string, key: ParsedKey): Identity {
  return { name, publicKey: () => Promise.resolve(key), sign: (data, { hash }) => Promise.resolve(signWith(key, data, hash)) };
}

/** The passphrase is asked for when the server has said that it wants this key, not before. */
function lockedIdentity(path: string, file: Extract<KeyFile, { kind: 'locked' }>, passphrases: Passphrases): Identity {
  const { text, publicKey } = file;
  const shown = publicKey === undefined ? undefined : fingerprint(publicKey.getPublicSSH());
  let opened: Promise<ParsedKey | undefined> | undefined;
  const open = async (): Promise<ParsedKey | undefined> => {
    for (let wrong = 0; wrong < passphrases.tries; wrong++) {
      const passphrase = await passphrases.ask(path, shown, wrong);
      // An empty answer leaves this key out and goes on with the next one, as in ssh(1).
      if (passphrase === undefined || passphrase.value === '') return undefined;
      const key = unlock(text, passphrase.value);
      passphrase.proved(key !== undefined);
      if (key !== undefined) return key;
    }
    return undefined;
  };
  const openOnce = (): Promise<ParsedKey | undefined> => (opened ??= open());
  return {
    name: path,
    publicKey: () => (publicKey === undefined ? openOnce() : Promise.resolve(publicKey)),
    async sign(data, { hash }) {
      const key = await openOnce();
      if (key === undefined) throw new Error('the key stays locked');
      return signWith(key, data, hash);
    },
  };
}

/** Signing may wait for a person: a confirmation (`ssh-add -c`) or the touch of a hardware key. */
function agentIdentity(agent: BaseAgent, key: ParsedKey, whileSigning: <T>(work: () => Promise<T>) => Promise<T>): Identity {
  const sign = (data: Buffer, options: SigningRequestOptions): Promise<Buffer> =>
    new Promise((resolve, reject) => {
      agent.sign(key, data, options, (error, signature) => {
        if (signature === undefined) reject(error ?? new Error('the agent did not sign'));
        else resolve(signature);
      });
    });
  return {
    name: key.comment === '' ? 'ssh-agent' : key.comment,
    publicKey: () => Promise.resolve(key),
    sign: (data, options) => whileSigning(() => sign(data, options)),
  };
}

/** The agent's keys of types that are understood here; none when the agent cannot be reached, as in ssh(1). */
function agentKeys(agent: BaseAgent): Promise<ParsedKey[]> {
  return new Promise((resolve) => {
    agent.getIdentities((_error, keys) => {
      const parsed = (keys ?? []).map((key) => {
        const blob = typeof key === 'object' && 'pubKey' in key ? undefined : key;
        return blob === undefined ? undefined : ssh2.utils.parseKey(blob);
      });
      resolve(parsed.filter((key): key is ParsedKey => key !== undefined && !(key instanceof Error)));
    });
  });
}

function signWith(key: ParsedKey, data: Buffer, hash: string | undefined): Buffer {
  const signature: unknown = key.sign(data, hash);
  // The library answers an Error instead of throwing it.
  if (!Buffer.isBuffer(signature)) throw new Error('the key could not sign');
  return signature;
}

function blobOf(key: ParsedKey): string {
  return key.getPublicSSH().toString('base64');
}

/**
 * One identity in the form of an agent, which is how the library takes a key that signs asynchronously. SHA-1
 * signatures are refused: a server that cannot do better than `ssh-rsa` does not get one.
 */
export class IdentityAgent extends ssh2.BaseAgent<ParsedKey> {
  /** Whether the server has been given a signature: it wanted this key. */
  signed = false;

  constructor(private readonly identity: Identity) {
    super();
  }

  override getIdentities(callback: IdentityCallback<ParsedKey>): void {
    this.identity.publicKey().then(
      (key) => callback(null, key === undefined ? [] : [key]),
      (error: unknown) => callback(asError(error)),
    );
  }

  override sign(key: ParsedKey, data: Buffer, options: SigningRequestOptions | SignCallback, callback?: SignCallback): void {
    const done = typeof options === 'function' ? options : callback;
    const chosen = typeof options === 'function' ? {} : options;
    const wantsSha1 = chosen.hash === 'sha1' || (key.type === 'ssh-rsa' && chosen.hash === undefined) || key.type === 'ssh-dss';
    const signed = wantsSha1 ? Promise.reject(new Error('SHA-1 signatures are not made')) : this.identity.sign(data, chosen);
    signed.then(
      (signature) => {
        this.signed = true;
        done?.(null, signature);
      },
      (error: unknown) => done?.(asError(error)),
    );
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error('unknown error');
}
