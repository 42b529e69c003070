import { readFile } from 'node:fs/promises';
import ssh2, { type ParsedKey } from 'ssh2';

/** What an `IdentityFile` holds. */
export type KeyFile =
  | { readonly kind: 'absent' }
  /** Cannot be used, e.g. a hardware key's handle or a file of another kind. */
  | { readonly kind: 'unusable' }
  /** Only the public half: names a key that the agent holds. */
  | { readonly kind: 'public'; readonly publicKey: ParsedKey }
  | { readonly kind: 'ready'; readonly key: ParsedKey }
  /** Needs a passphrase. The public half is known unless the file is in an old format without a `.pub` beside it. */
  | { readonly kind: 'locked'; readonly text: string; readonly publicKey: ParsedKey | undefined };

/** Reads a key file. Never rejects for what is in it: one broken file must not keep the other keys from being tried. */
export async function readKeyFile(path: string): Promise<KeyFile> {
  const text = await readText(path);
  if (text === undefined) {
    // `IdentityFile` may name a key whose private half is only in the agent (ssh_config(5)).
    const publicKey = parsePublic(await readText(`${path}.pub`));
    return publicKey === undefined ? { kind: 'absent' } : { kind: 'public', publicKey };
  }
  if (isLocked(text)) {
    const publicKey = parsePublic(await readText(`${path}.pub`)) ?? publicHalfOf(text);
    return { kind: 'locked', text, publicKey };
  }
  const key = ssh2.utils.parseKey(text);
  if (key instanceof Error) return { kind: 'unusable' };
  return key.isPrivateKey() ? { kind: 'ready', key } : { kind: 'public', publicKey: key };
}

/** Opens a locked key; `undefined` when the passphrase is not the right one. */
export function unlock(text: string, passphrase: string): ParsedKey | undefined {
  const key = ssh2.utils.parseKey(text, passphrase);
  return key instanceof Error || !key.isPrivateKey() ? undefined : key;
}

/** Whether a private key is encrypted, by its container: the parser's error text is not a contract. */
function isLocked(text: string): boolean {
  const container = openSshContainer(text);
  if (container !== undefined) return container.cipher !== 'none';
  return /^(Proc-Type: 4,ENCRYPTED|-----BEGIN ENCRYPTED PRIVATE KEY-----)/m.test(text) || /^Encryption: (?!none)/m.test(text);
}

/** The public key that stands unencrypted in an OpenSSH private key. */
function publicHalfOf(text: string): ParsedKey | undefined {
  const blob = openSshContainer(text)?.publicKey;
  return blob === undefined ? undefined : parsePublic(blob);
}

/** Reads the clear part of OpenSSH's private key format (openssh/PROTOCOL.key): cipher, KDF and the public key. */
function openSshContainer(text: string): { readonly cipher: string; readonly publicKey: Buffer } | undefined {
  const body = /-----BEGIN OPENSSH PRIVATE KEY-----([\s\S]*?)-----END OPENSSH PRIVATE KEY-----/.exec(text)?.[1];
  if (body === undefined) return undefined;
  const data = Buffer.from(body, 'base64');
  const magic = 'openssh-key-v1\0';
  if (data.toString('latin1', 0, magic.length) !== magic) return undefined;
  let at = magic.length;
  const field = (): Buffer | undefined => {
    if (at + 4 > data.length) return undefined;
    const end = at + 4 + data.readUInt32BE(at);
    if (end > data.length) return undefined;
    const value = data.subarray(at + 4, end);
    at = end;
    return value;
  };
  const cipher = field();
  const kdf = field();
  const kdfOptions = field();
  at += 4;
  const publicKey = field();
  if (cipher === undefined || kdf === undefined || kdfOptions === undefined || publicKey === undefined) return undefined;
  return { cipher: cipher.toString('latin1'), publicKey };
}

function parsePublic(data: string | Buffer | undefined): ParsedKey | undefined {
  if (data === undefined) return undefined;
  const key = ssh2.utils.parseKey(data);
  return key instanceof Error ? undefined : key;
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch {
    // Missing, a folder or not permitted: for a key file all mean that this key is not available to the user.
    return undefined;
  }
}
