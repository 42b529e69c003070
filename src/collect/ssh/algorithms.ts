import type { CipherAlgorithm, KexAlgorithm, MacAlgorithm, ServerHostKeyAlgorithm } from 'ssh2';
import type { HostKeyAlgorithm } from './config/algorithmLists.js';
import type { ResolvedHost } from './config/resolvedHost.js';

/** The lists that are offered to a server. Set by name, because the library's defaults hold ssh-rsa and hmac-sha1. */
export interface OfferedAlgorithms {
  kex: KexAlgorithm[];
  cipher: CipherAlgorithm[];
  hmac: MacAlgorithm[];
  serverHostKey: ServerHostKeyAlgorithm[];
  compress: ['none'];
}

/**
 * What to offer to a host whose recorded key types are `known`: what its configuration leaves of ours. The algorithms
 * of those types come first, as OpenSSH orders them: otherwise a host that is known by one key shows another one and
 * looks unknown.
 */
export function offeredAlgorithms(
  known: readonly string[],
  host: Pick<ResolvedHost, 'kexAlgorithms' | 'ciphers' | 'macs' | 'hostKeyAlgorithms'>,
): OfferedAlgorithms {
  const first = known.flatMap((type) => host.hostKeyAlgorithms.filter((algorithm) => keyTypeOf(algorithm) === type));
  return {
    kex: [...host.kexAlgorithms],
    cipher: [...host.ciphers],
    hmac: [...host.macs],
    serverHostKey: [...new Set([...first, ...host.hostKeyAlgorithms])],
    compress: ['none'],
  };
}

/** The key type that known_hosts records for an algorithm: an RSA key is of type ssh-rsa, whatever it signs with. */
function keyTypeOf(algorithm: HostKeyAlgorithm): string {
  return algorithm.startsWith('rsa-sha2-') ? 'ssh-rsa' : algorithm;
}
