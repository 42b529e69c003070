import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { matchPatternList } from './pattern.js';

/** One usable line of a known_hosts file (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT). */
export interface KnownHostLine {
  /** `@revoked` and `@cert-authority` lines change what the key means. */
  readonly marker: 'none' | 'revoked' | 'cert-authority';
  readonly names: KnownHostNames;
  /** Key type as written, e.g. `ssh-ed25519`; always equal to the type inside `key`. */
  readonly keyType: string;
  /** The public key in SSH wire format. */
  readonly key: Buffer;
  /** 1-based line in its file. */
  readonly line: number;
}

/** Whom a line is about: readable patterns, or one name under HMAC-SHA1 (`|1|salt|hash`, HashKnownHosts). */
export type KnownHostNames =
  | { readonly kind: 'patterns'; readonly patterns: readonly string[] }
  | { readonly kind: 'hashed'; readonly salt: Buffer; readonly hash: Buffer };

/** What known_hosts says about the key that a server showed. */
export type KnownHostOutcome =
  | { readonly kind: 'match' }
  /** A key of the same type is recorded, and it is another one. */
  | { readonly kind: 'mismatch'; readonly expected: Buffer; readonly line: number }
  /** Only keys of other types are recorded. */
  | { readonly kind: 'other-key-type'; readonly types: readonly string[] }
  | { readonly kind: 'revoked' }
  /** Only certificate authorities are recorded; a plain key proves nothing then. */
  | { readonly kind: 'ca-only' }
  | { readonly kind: 'unknown' };

/** Length above which OpenSSH gives up on a line of known_hosts as well; keeps a hostile file cheap. */
const MAX_LINE = 64 * 1024;
const SHA1_BYTES = 20;

/** The type that stands inside a public key in SSH wire format (RFC 4253 §6.6); `undefined` when there is none. */
export function keyTypeOf(key: Buffer): string | undefined {
  if (key.length < 4) return undefined;
  const length = key.readUInt32BE(0);
  if (length === 0 || length > 64 || 4 + length >= key.length) return undefined;
  return key.toString('latin1', 4, 4 + length);
}

/** Fingerprint as OpenSSH prints it: `SHA256:` and base64 without padding. */
export function fingerprint(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

/** The name under which OpenSSH records a host: lower case, `[host]:port` unless the port is 22. */
export function knownHostName(host: string, port: number): string {
  const name = host.toLowerCase();
  return port === 22 ? name : `[${name}]:${port}`;
}

/** Reads a known_hosts file. Lines that are not understood are left out, as OpenSSH does. Never throws. */
export function parseKnownHosts(text: string): KnownHostLine[] {
  const lines: KnownHostLine[] = [];
  text.split('\n').forEach((raw, index) => {
    const parsed = parseLine(raw, index + 1);
    if (parsed !== undefined) lines.push(parsed);
  });
  return lines;
}

function parseLine(raw: string, line: number): KnownHostLine | undefined {
  const text = raw.trim();
  if (text === '' || text.startsWith('#') || text.length > MAX_LINE) return undefined;
  const fields = text.split(/[ \t]+/);
  let marker: KnownHostLine['marker'] = 'none';
  if (fields[0]?.startsWith('@')) {
    const word = fields.shift();
    if (word === '@revoked') marker = 'revoked';
    else if (word === '@cert-authority') marker = 'cert-authority';
    else return undefined;
  }
  const [hosts, keyType, base64] = fields;
  if (hosts === undefined || keyType === undefined || base64 === undefined) return undefined;
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return undefined;
  const key = Buffer.from(base64, 'base64');
  if (keyTypeOf(key) !== keyType) return undefined;
  const names = parseNames(hosts);
  return names === undefined ? undefined : { marker, names, keyType, key, line };
}

function parseNames(hosts: string): KnownHostNames | undefined {
  if (!hosts.startsWith('|')) {
    return { kind: 'patterns', patterns: hosts.split(',').map((pattern) => pattern.toLowerCase()) };
  }
  const match = /^\|1\|([A-Za-z0-9+/]+=*)\|([A-Za-z0-9+/]+=*)$/.exec(hosts);
  if (match?.[1] === undefined || match[2] === undefined) return undefined;
  const salt = Buffer.from(match[1], 'base64');
  const hash = Buffer.from(match[2], 'base64');
  return salt.length === SHA1_BYTES && hash.length === SHA1_BYTES ? { kind: 'hashed', salt, hash } : undefined;
}

/** Whether a line speaks about `name` (as {@link knownHostName} makes it). */
function lineNames(line: KnownHostLine, name: string): boolean {
  if (line.names.kind === 'patterns') return matchPatternList(name, line.names.patterns);
  return timingSafeEqual(createHmac('sha1', line.names.salt).update(name).digest(), line.names.hash);
}

/** Whether two public keys are the same, in time that does not depend on where they differ. */
export function sameKey(a: Buffer, b: Buffer): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

/**
 * Looks a server's key up. A revocation is decided before anything else, because one `@revoked` line outweighs any
 * number of lines that trust the key.
 */
export function lookUpHostKey(lines: readonly KnownHostLine[], name: string, key: Buffer): KnownHostOutcome {
  const about = lines.filter((line) => lineNames(line, name));
  if (about.some((line) => line.marker === 'revoked' && sameKey(line.key, key))) return { kind: 'revoked' };
  const plain = about.filter((line) => line.marker === 'none');
  if (plain.some((line) => sameKey(line.key, key))) return { kind: 'match' };
  const type = keyTypeOf(key);
  const other = plain.find((line) => line.keyType === type);
  if (other !== undefined) return { kind: 'mismatch', expected: other.key, line: other.line };
  if (plain.length > 0) return { kind: 'other-key-type', types: [...new Set(plain.map((line) => line.keyType))] };
  return about.some((line) => line.marker === 'cert-authority') ? { kind: 'ca-only' } : { kind: 'unknown' };
}

/** The key types that are recorded for a host, in the order of the lines. */
export function knownKeyTypes(lines: readonly KnownHostLine[], name: string): string[] {
  const types = lines.filter((line) => line.marker === 'none' && lineNames(line, name)).map((line) => line.keyType);
  return [...new Set(types)];
}
