import { matchPatternList } from '../pattern.js';

/** The key exchanges that are used here, in order of preference. None rests on SHA-1 or on a group below 2048 bits. */
export const KEX_ALGORITHMS = [
  'curve25519-sha256',
  'curve25519-sha256@libssh.org',
  'ecdh-sha2-nistp256',
  'ecdh-sha2-nistp384',
  'ecdh-sha2-nistp521',
  'diffie-hellman-group16-sha512',
  'diffie-hellman-group18-sha512',
  'diffie-hellman-group-exchange-sha256',
  'diffie-hellman-group14-sha256',
] as const;

/** Ciphers; no CBC, no RC4. AES-GCM first, because the processor does it. */
export const CIPHERS = [
  'aes128-gcm@openssh.com',
  'aes256-gcm@openssh.com',
  'chacha20-poly1305@openssh.com',
  'aes128-ctr',
  'aes192-ctr',
  'aes256-ctr',
] as const;

export const MACS = ['hmac-sha2-256-etm@openssh.com', 'hmac-sha2-512-etm@openssh.com', 'hmac-sha2-256', 'hmac-sha2-512'] as const;

/** The host key algorithms that are used here, in OpenSSH's order of preference. No SHA-1, no DSA, no certificates. */
export const HOST_KEY_ALGORITHMS = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'rsa-sha2-512',
  'rsa-sha2-256',
] as const;

export type KexName = (typeof KEX_ALGORITHMS)[number];
export type CipherName = (typeof CIPHERS)[number];
export type MacName = (typeof MACS)[number];
export type HostKeyAlgorithm = (typeof HOST_KEY_ALGORITHMS)[number];

/**
 * What a configured list leaves of ours, in its order: a list that replaces the defaults, or with a leading `+`, `-` or
 * `^` changes them (ssh_config(5), Ciphers). Nothing can be added to ours. Empty when the two have nothing in common.
 */
export function allowedOf<T extends string>(text: string | undefined, ours: readonly T[]): readonly T[] {
  if (text === undefined) return ours;
  const how = /^[-+^]/.exec(text)?.[0];
  const words = wordsOf(how === undefined ? text : text.slice(1));
  const named = [...new Set(words.flatMap((word) => ours.filter((algorithm) => matchPatternList(algorithm, [word]))))];
  switch (how) {
    case '+':
      return ours;
    case '-':
      return ours.filter((algorithm) => !matchPatternList(algorithm, words));
    case '^':
      return [...named, ...ours.filter((algorithm) => !named.includes(algorithm))];
    default:
      return named;
  }
}

/** Whether a list of host key algorithms names none but ones that are never used: SHA-1 and DSA. */
export function onlyOldHostKeys(text: string | undefined): boolean {
  return text !== undefined && wordsOf(text).every((word) => /^ssh-(?:rsa|dss)$/.test(word));
}

function wordsOf(text: string): string[] {
  return text.split(',').map((word) => word.trim()).filter((word) => word !== '');
}
