import { matchPatternList } from '../pattern.js';

/** The host key algorithms that are used here, in OpenSSH's order of preference. No SHA-1, no DSA, no certificates. */
export const HOST_KEY_ALGORITHMS = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'rsa-sha2-512',
  'rsa-sha2-256',
] as const;
export type HostKeyAlgorithm = (typeof HOST_KEY_ALGORITHMS)[number];

/** What a list allows: algorithms in its order; `onlySystem` when it only names ones that OpenSSH alone has. */
export type AllowedHostKeys =
  | { readonly kind: 'some'; readonly algorithms: readonly HostKeyAlgorithm[] }
  | { readonly kind: 'only-system' }
  /** Only algorithms that are never used. */
  | { readonly kind: 'none' };

/**
 * Reads `HostKeyAlgorithms`: a list that replaces the defaults, or with a leading `+`, `-` or `^` changes them
 * (ssh_config(5)). Nothing that is not in {@link HOST_KEY_ALGORITHMS} can be added that way.
 */
export function allowedHostKeys(text: string | undefined): AllowedHostKeys {
  if (text === undefined) return { kind: 'some', algorithms: HOST_KEY_ALGORITHMS };
  const how = /^[-+^]/.exec(text)?.[0];
  const words = text.slice(how === undefined ? 0 : 1).split(',').map((word) => word.trim()).filter((word) => word !== '');
  const named = (): HostKeyAlgorithm[] => [
    ...new Set(words.flatMap((word) => HOST_KEY_ALGORITHMS.filter((algorithm) => matchPatternList(algorithm, [word])))),
  ];
  switch (how) {
    case '+':
      return { kind: 'some', algorithms: HOST_KEY_ALGORITHMS };
    case '^': {
      const first = named();
      return { kind: 'some', algorithms: [...first, ...HOST_KEY_ALGORITHMS.filter((algorithm) => !first.includes(algorithm))] };
    }
    case '-': {
      const left = HOST_KEY_ALGORITHMS.filter((algorithm) => !matchPatternList(algorithm, words));
      return left.length > 0 ? { kind: 'some', algorithms: left } : { kind: 'only-system' };
    }
    default: {
      const algorithms = named();
      if (algorithms.length > 0) return { kind: 'some', algorithms };
      return { kind: words.some((word) => /-cert-|^sk-/.test(word)) ? 'only-system' : 'none' };
    }
  }
}
