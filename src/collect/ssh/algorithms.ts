import type { CipherAlgorithm, KexAlgorithm, MacAlgorithm, ServerHostKeyAlgorithm } from 'ssh2';

/** The lists that are offered to a server. Set by name, because the library's defaults hold ssh-rsa and hmac-sha1. */
export interface OfferedAlgorithms {
  kex: KexAlgorithm[];
  cipher: CipherAlgorithm[];
  hmac: MacAlgorithm[];
  serverHostKey: ServerHostKeyAlgorithm[];
  compress: ['none'];
}

/** Host key algorithms by the key type that known_hosts records; RSA signs with SHA-2 only. */
const HOST_KEY_ALGORITHMS: ReadonlyMap<string, readonly ServerHostKeyAlgorithm[]> = new Map([
  ['ssh-ed25519', ['ssh-ed25519']],
  ['ecdsa-sha2-nistp256', ['ecdsa-sha2-nistp256']],
  ['ecdsa-sha2-nistp384', ['ecdsa-sha2-nistp384']],
  ['ecdsa-sha2-nistp521', ['ecdsa-sha2-nistp521']],
  ['ssh-rsa', ['rsa-sha2-512', 'rsa-sha2-256']],
]);

/**
 * What to offer to a host whose recorded key types are `known`. Those come first, as OpenSSH orders them: otherwise a
 * host that is known by one key shows another one and looks unknown.
 */
export function offeredAlgorithms(known: readonly string[]): OfferedAlgorithms {
  const types = [...known.filter((type) => HOST_KEY_ALGORITHMS.has(type)), ...HOST_KEY_ALGORITHMS.keys()];
  return {
    kex: [
      'curve25519-sha256',
      'curve25519-sha256@libssh.org',
      'ecdh-sha2-nistp256',
      'ecdh-sha2-nistp384',
      'ecdh-sha2-nistp521',
      'diffie-hellman-group16-sha512',
      'diffie-hellman-group18-sha512',
      'diffie-hellman-group-exchange-sha256',
      'diffie-hellman-group14-sha256',
    ],
    cipher: [
      'aes128-gcm@openssh.com',
      'aes256-gcm@openssh.com',
      'chacha20-poly1305@openssh.com',
      'aes128-ctr',
      'aes192-ctr',
      'aes256-ctr',
    ],
    hmac: ['hmac-sha2-256-etm@openssh.com', 'hmac-sha2-512-etm@openssh.com', 'hmac-sha2-256', 'hmac-sha2-512'],
    serverHostKey: [...new Set(types)].flatMap((type) => HOST_KEY_ALGORITHMS.get(type) ?? []),
    compress: ['none'],
  };
}
