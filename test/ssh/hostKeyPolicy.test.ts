import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decideHostKeyTrust, type HostKeyFacts } from '../../src/collect/ssh/hostKeyPolicy.js';

const key = Buffer.from('on record');
const base: HostKeyFacts = { known: { kind: 'unknown' }, own: { kind: 'unknown' }, strict: 'ask', interactive: true };
const decide = (facts: Partial<HostKeyFacts>) => decideHostKeyTrust({ ...base, ...facts });
const mismatch = { kind: 'mismatch', expected: key, line: 3 } as const;
const STRICT = ['yes', 'ask', 'accept-new', 'no'] as const;

describe('host key trust', () => {
  it.each(STRICT)('revoked is denied, with StrictHostKeyChecking %s too', (strict) => {
    expect(decide({ known: { kind: 'revoked' }, own: { kind: 'match' }, strict })).toEqual({ kind: 'deny', why: 'revoked' });
  });

  it('strict no: an unknown key is accepted and not recorded', () => {
    expect(decide({ strict: 'no' })).toEqual({ kind: 'trust', persist: false });
  });

  it.each(STRICT)('a changed key is denied, with StrictHostKeyChecking %s too', (strict) => {
    expect(decide({ known: mismatch, strict })).toEqual({ kind: 'deny', why: 'changed', expected: key, where: 'known-hosts' });
    expect(decide({ own: { kind: 'mismatch', expected: key }, strict })).toEqual({
      kind: 'deny',
      why: 'changed',
      expected: key,
      where: 'own',
    });
  });

  it('own store: the same key is trusted, another one denied even if known_hosts has it', () => {
    expect(decide({ own: { kind: 'match' }, strict: 'yes', interactive: false })).toEqual({ kind: 'trust', persist: false });
    expect(decide({ own: { kind: 'mismatch', expected: key }, known: { kind: 'match' } })).toMatchObject({ why: 'changed', where: 'own' });
  });

  it('known_hosts: the same key is trusted and recorded, another one denied even if our store has it', () => {
    expect(decide({ known: { kind: 'match' }, strict: 'yes', interactive: false })).toEqual({ kind: 'trust', persist: true });
    expect(decide({ known: mismatch, own: { kind: 'match' } })).toMatchObject({ why: 'changed', where: 'known-hosts' });
  });

  it('strict yes: an unknown key is denied without a question', () => {
    expect(decide({ strict: 'yes' })).toEqual({ kind: 'deny', why: 'unknown' });
  });

  it('strict accept-new: an unknown key is trusted and recorded', () => {
    expect(decide({ strict: 'accept-new', interactive: false })).toEqual({ kind: 'trust', persist: true });
  });

  it('strict accept-new: a host that is known by another key type is not new', () => {
    const known = { kind: 'other-key-type', types: ['ssh-rsa'] } as const;
    expect(decide({ strict: 'accept-new', known })).toEqual({ kind: 'ask' });
    expect(decide({ strict: 'accept-new', own: known, interactive: false })).toEqual({ kind: 'deny', why: 'unknown-in-background' });
  });

  it('in the background an unknown key is denied without a question', () => {
    expect(decide({ interactive: false })).toEqual({ kind: 'deny', why: 'unknown-in-background' });
  });

  it.each([{ kind: 'unknown' }, { kind: 'ca-only' }, { kind: 'other-key-type', types: ['ssh-rsa'] }] as const)(
    'otherwise a person is asked: $kind',
    (known) => {
      expect(decide({ known })).toEqual({ kind: 'ask' });
    },
  );

  it('never asks in the background, and never trusts against a record', () => {
    const own = fc.constantFrom<HostKeyFacts['own']>(
      { kind: 'unknown' },
      { kind: 'match' },
      { kind: 'mismatch', expected: key },
      { kind: 'other-key-type', types: [] },
    );
    const known = fc.constantFrom<HostKeyFacts['known']>(
      { kind: 'unknown' },
      { kind: 'match' },
      { kind: 'revoked' },
      { kind: 'ca-only' },
      { kind: 'other-key-type', types: [] },
      mismatch,
    );
    fc.assert(
      fc.property(own, known, fc.constantFrom(...STRICT), fc.boolean(), (ownFact, knownFact, strict, interactive) => {
        const decision = decide({ own: ownFact, known: knownFact, strict, interactive });
        if (!interactive) expect(decision.kind).not.toBe('ask');
        if (ownFact.kind === 'mismatch' || knownFact.kind === 'mismatch' || knownFact.kind === 'revoked') {
          expect(decision.kind).toBe('deny');
        }
      }),
      { seed: 4711, numRuns: 500 },
    );
  });
});
