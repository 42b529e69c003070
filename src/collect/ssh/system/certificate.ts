import { keyTypeOf, lookUpHostKey, sameKey, type KnownHostLine } from '../knownHosts.js';
import { string, WireReader } from './wire.js';

/** What an OpenSSH host certificate says about keys (openssh/PROTOCOL.certkeys). Whether it is valid is for `ssh` to check. */
export interface HostCertificate {
  /** The key that it is about, as one without a certificate would be shown. */
  readonly plain: Buffer;
  /** The key of the authority that signed it. */
  readonly authority: Buffer;
}

/** Parts of the public key that stand in a certificate, by the type without the certificate’s ending. */
const KEY_PARTS: ReadonlyMap<string, number> = new Map([
  ['ssh-ed25519', 1],
  ['ssh-rsa', 2],
  ['ecdsa-sha2-nistp256', 2],
  ['ecdsa-sha2-nistp384', 2],
  ['ecdsa-sha2-nistp521', 2],
]);
const ENDING = '-cert-v01@openssh.com';

/** Reads a certificate; `undefined` for a key without one. Throws a RangeError for one that cannot be read. */
export function readCertificate(blob: Buffer): HostCertificate | undefined {
  const type = keyTypeOf(blob);
  if (type === undefined || !type.endsWith(ENDING)) return undefined;
  const plainType = type.slice(0, -ENDING.length);
  const count = KEY_PARTS.get(plainType);
  if (count === undefined) throw new RangeError('an unknown kind of certificate');
  const reader = new WireReader(blob);
  reader.string();
  reader.string();
  const parts = Array.from({ length: count }, () => string(reader.string()));
  // Serial number of eight bytes, kind, key id, principals, two times of eight bytes, critical options, extensions.
  reader.u32();
  reader.u32();
  reader.u32();
  reader.string();
  reader.string();
  for (let word = 0; word < 4; word++) reader.u32();
  reader.string();
  reader.string();
  reader.string();
  return { plain: Buffer.concat([string(plainType), ...parts]), authority: reader.string() };
}

/** Whether a file names this authority for one of these names. */
export function isAuthorityKnown(lines: readonly KnownHostLine[], names: readonly string[], authority: Buffer): boolean {
  const authorities = lines
    .filter(({ marker, key }) => marker === 'cert-authority' && sameKey(key, authority))
    .map((line) => ({ ...line, marker: 'none' as const }));
  return names.some((name) => lookUpHostKey(authorities, name, authority).kind === 'match');
}
