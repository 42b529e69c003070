import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  fingerprint,
  keyTypeOf,
  knownHostName,
  knownKeyTypes,
  lookUpHostKey,
  parseKnownHosts,
} from '../../src/collect/ssh/knownHosts.js';
import { matchPattern, matchPatternList } from '../../src/collect/ssh/pattern.js';

/** A key in wire format: the type and some bytes. */
function key(type: string, body: string): Buffer {
  const field = (data: Buffer): Buffer => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(data.length);
    return Buffer.concat([length, data]);
  };
  return Buffer.concat([field(Buffer.from(type)), field(Buffer.from(body))]);
}
const one = key('ssh-ed25519', 'one');
const two = key('ssh-ed25519', 'two');
const rsa = key('ssh-rsa', 'rsa');
const line = (hosts: string, blob: Buffer, type = keyTypeOf(blob)): string => `${hosts} ${type} ${blob.toString('base64')} comment`;
const hashed = (name: string): string => {
  const salt = Buffer.alloc(20, 7);
  return `|1|${salt.toString('base64')}|${createHmac('sha1', salt).update(name).digest('base64')}`;
};
const look = (text: string, name: string, blob: Buffer): string => lookUpHostKey(parseKnownHosts(text), name, blob).kind;

describe('known_hosts', () => {
  it.each([
    ['plain', line('web', one), 'web', one, 'match'],
    ['another key', line('web', one), 'web', two, 'mismatch'],
    ['second line matches', `${line('web', one)}\n${line('web', two)}`, 'web', two, 'match'],
    ['another type', line('web', one), 'web', rsa, 'other-key-type'],
    ['nothing', line('db', one), 'web', one, 'unknown'],
    ['list', line('a,web,b', one), 'web', one, 'match'],
    ['case', line('WEB.Example', one), 'web.example', one, 'match'],
    ['wildcard', line('*.example', one), 'web.example', one, 'match'],
    ['one character', line('web?', one), 'web1', one, 'match'],
    ['one character is not none', line('web?', one), 'web', one, 'unknown'],
    ['negation vetoes the line', line('*.example,!web.example', one), 'web.example', one, 'unknown'],
    ['negation alone matches nobody', line('!db', one), 'web', one, 'unknown'],
    ['port', line('[web]:2222', one), '[web]:2222', one, 'match'],
    ['other port', line('[web]:2222', one), '[web]:2223', one, 'unknown'],
    ['IPv6 with port', line('[::1]:2222', one), knownHostName('::1', 2222), one, 'match'],
    ['IPv6', line('fe80::1', one), knownHostName('FE80::1', 22), one, 'match'],
    ['hashed', line(hashed('web'), one), 'web', one, 'match'],
    ['hashed, another name', line(hashed('web'), one), 'db', one, 'unknown'],
    ['hashed with port', line(hashed('[web]:2222'), one), '[web]:2222', one, 'match'],
    ['hashed, changed', line(hashed('web'), one), 'web', two, 'mismatch'],
    ['revoked beats a match', `${line('web', one)}\n@revoked ${line('*', one)}`, 'web', one, 'revoked'],
    ['another key revoked', `${line('web', one)}\n@revoked ${line('*', two)}`, 'web', one, 'match'],
    ['only a revoked key', `@revoked ${line('web', two)}`, 'web', one, 'unknown'],
    ['authority only', `@cert-authority ${line('*', one)}`, 'web', two, 'ca-only'],
    ['an authority key is no host key', `@cert-authority ${line('*', one)}`, 'web', one, 'ca-only'],
    ['comment', `# ${line('web', one)}`, 'web', one, 'unknown'],
    ['unknown marker', `@odd ${line('web', one)}`, 'web', one, 'unknown'],
    ['type differs from the key', line('web', one, 'ssh-rsa'), 'web', one, 'unknown'],
    ['bad base64', 'web ssh-ed25519 !!!', 'web', one, 'unknown'],
    ['cut off', 'web ssh-ed25519', 'web', one, 'unknown'],
    ['bad hash', line('|1|AAAA|BBBB', one), 'web', one, 'unknown'],
    ['malformed lines are left out', `web\n\u0000\n|1|\n@revoked\n${line('web', one)}`, 'web', one, 'match'],
    ['CRLF and indentation', `  ${line('web', one)}\r\n`, 'web', one, 'match'],
  ])('%s', (_title, text, name, blob, kind) => {
    expect(look(text, name, blob)).toBe(kind);
  });

  it('prints fingerprints and key types as OpenSSH does', () => {
    // `ssh-keygen -lf` of this key.
    const blob = Buffer.from('AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl', 'base64');
    expect(fingerprint(blob)).toBe('SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU');
    expect(knownKeyTypes(parseKnownHosts(`${line('w*', rsa)}\n${line('web', one)}\n${line('web', two)}`), 'web')).toEqual([
      'ssh-rsa',
      'ssh-ed25519',
    ]);
  });

  it('never throws, and never trusts what it cannot parse', () => {
    const word = fc.oneof(
      fc.constantFrom('web', '!web', '*', '|1|', hashed('web'), '@revoked', '@cert-authority', 'ssh-rsa', 'ssh-ed25519', '#', ','),
      fc.string({ maxLength: 40 }),
      fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes).toString('base64')),
    );
    const text = fc.array(fc.array(word, { maxLength: 6 }).map((words) => words.join(' '))).map((lines) => lines.join('\n'));
    fc.assert(
      fc.property(text, fc.string(), fc.uint8Array({ maxLength: 80 }), (file, name, bytes) => {
        const lines = parseKnownHosts(file);
        for (const parsed of lines) expect(keyTypeOf(parsed.key)).toBe(parsed.keyType);
        const outcome = lookUpHostKey(lines, name, Buffer.from(bytes));
        if (outcome.kind === 'match') expect(file).toContain(Buffer.from(bytes).toString('base64').replace(/=+$/, ''));
      }),
      { seed: 4711, numRuns: 2000 },
    );
  });

  it('a revocation or a negation anywhere is decisive', () => {
    const noise = fc.array(fc.constantFrom(line('web', one), line('*', one), line('db', two), line(hashed('web'), one), '# x', ''));
    fc.assert(
      fc.property(noise, noise, (before, after) => {
        const text = [...before, `@revoked ${line('w*', one)}`, ...after].join('\n');
        expect(look(text, 'web', one)).toBe('revoked');
      }),
      { seed: 4711 },
    );
  });
});

describe('patterns', () => {
  it('agree with a regular expression', () => {
    const small = fc.string({ unit: fc.constantFrom('a', 'b', '.', '*', '?'), maxLength: 8 });
    const name = fc.string({ unit: fc.constantFrom('a', 'b', '.'), maxLength: 10 });
    fc.assert(
      fc.property(name, small, (text, pattern) => {
        const source = pattern.replaceAll('.', '\\.').replaceAll('*', '.*').replaceAll('?', '.');
        expect(matchPattern(text, pattern)).toBe(new RegExp(`^${source}$`).test(text));
      }),
      { seed: 4711, numRuns: 5000 },
    );
  });

  it('stay fast for a hostile pattern', () => {
    const begin = performance.now();
    expect(matchPattern('a'.repeat(2000), `${'*a'.repeat(200)}b`)).toBe(false);
    expect(performance.now() - begin).toBeLessThan(500);
    expect(matchPatternList('web', [])).toBe(false);
  });
});
