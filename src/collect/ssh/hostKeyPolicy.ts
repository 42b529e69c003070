import type { KnownHostOutcome } from './knownHosts.js';

/** `StrictHostKeyChecking` of ssh_config(5); `off` is a synonym of `no`. */
export type StrictHostKeyChecking = 'yes' | 'ask' | 'accept-new' | 'no';

/** What our own store says about a key. It has neither revocations nor authorities. */
export type OwnStoreOutcome =
  | { readonly kind: 'unknown' }
  | { readonly kind: 'match' }
  | { readonly kind: 'other-key-type'; readonly types: readonly string[] }
  | { readonly kind: 'mismatch'; readonly expected: Buffer };

/** Everything that the decision depends on. */
export interface HostKeyFacts {
  readonly known: KnownHostOutcome;
  readonly own: OwnStoreOutcome;
  readonly strict: StrictHostKeyChecking;
  /** Whether a person started this connection and can be asked. */
  readonly interactive: boolean;
}

/** What happens with the key. `persist`: it is recorded in our own store. */
export type HostKeyDecision =
  | { readonly kind: 'trust'; readonly persist: boolean }
  | { readonly kind: 'ask' }
  | { readonly kind: 'deny'; readonly why: 'revoked' | 'unknown' | 'unknown-in-background' }
  /** Another key of the same type is on record: there is no way to go on. */
  | { readonly kind: 'deny'; readonly why: 'changed'; readonly expected: Buffer; readonly where: 'own' | 'known-hosts' };

/** Decides whether a host key is trusted. Rows from the strongest to the weakest; the first that applies wins. */
export function decideHostKeyTrust(facts: HostKeyFacts): HostKeyDecision {
  const { known, own, strict, interactive } = facts;
  if (known.kind === 'revoked') return { kind: 'deny', why: 'revoked' };
  if (own.kind === 'mismatch') return { kind: 'deny', why: 'changed', expected: own.expected, where: 'own' };
  if (known.kind === 'mismatch') {
    // A key that the person accepted for exactly this host does not outweigh a record that says otherwise.
    return { kind: 'deny', why: 'changed', expected: known.expected, where: 'known-hosts' };
  }
  if (own.kind === 'match') return { kind: 'trust', persist: false };
  if (known.kind === 'match') return { kind: 'trust', persist: true };
  switch (strict) {
    case 'no':
      return { kind: 'trust', persist: false };
    case 'yes':
      return { kind: 'deny', why: 'unknown' };
    case 'accept-new':
      // A host that does not show a key of the recorded type is not a new host: a person decides.
      if (known.kind !== 'other-key-type' && own.kind !== 'other-key-type') return { kind: 'trust', persist: true };
      break;
    case 'ask':
      break;
  }
  return interactive ? { kind: 'ask' } : { kind: 'deny', why: 'unknown-in-background' };
}
