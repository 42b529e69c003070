import type { CipherAlgorithm, KexAlgorithm, MacAlgorithm, ServerHostKeyAlgorithm } from 'ssh2';
import { HOST_KEY_ALGORITHMS, type HostKeyAlgorithm } from './config/hostKeyAlgorithms.js';

/** The lists that are offered to a server. Set by name, because the library's defaults hold ssh-rsa and hmac-sha1. */
export interface OfferedAlgorithms {
  kex: KexAlgorithm[];
  cipher: CipherAlgorithm[];
  hmac: MacAlgorithm[];
  serverHostKey: ServerHostKeyAlgorithm[];
  compress: ['none'];
}

/**
 * What to offer to a host whose recorded key types are `known`. Their algorithms come first, as OpenSSH orders them:
 * otherwise a host that is known by one key shows another one and looks unknown. `allowed` is the configured list
 * (`HostKeyAlgorithms`); nothing outside it is offered.
 */
export function offeredAlgorithms(
  known: readonly string[],
  allowed: readonly HostKeyAlgorithm[] = HOST_KEY_ALGORITHMS,
): OfferedAlgorithms {
  const first = known.flatMap((type) => allowed.filter((algorithm) => keyTypeOf(algorithm) === type));
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
    serverHostKey: [...new Set([...first, ...allowed])],
    compress: ['none'],
  };
}

/** The key type that known_hosts records for an algorithm: an RSA key is of type ssh-rsa, whatever it signs with. */
function keyTypeOf(algorithm: HostKeyAlgorithm): string {
  return algorithm.startsWith('rsa-sha2-') ? 'ssh-rsa' : algorithm;
}
