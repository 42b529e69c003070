import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { withoutAddresses } from '../../../src/core/recording/redact/addresses.js';
import { formatV4, formatV6, parseV6, turned, type Bytes } from '../../../src/core/recording/redact/bytes.js';
import { redact } from '../../../src/core/recording/redact/index.js';
import { Pseudonyms } from '../../../src/core/recording/redact/pseudonyms.js';
import { withoutSecrets } from '../../../src/core/recording/redact/secrets.js';
import type { Recording } from '../../../src/core/recording/types.js';
import { recording } from './support.js';

const hash = (text: string): string => createHmac('sha256', 'key').update(text).digest('hex');
const hex = (bytes: Bytes): string => bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('');
const colons = (bytes: Bytes): string => bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(':');

const byte = fc.nat(255);
/** Addresses that belong to somebody. */
const v4 = fc.tuple(fc.integer({ min: 1, max: 223 }), byte, byte, byte).filter(([a, b]) => a !== 127 && !(a === 169 && b === 254));
const v6 = fc.tuple(fc.constantFrom(0x20, 0x26, 0x2a, 0xfd), fc.array(byte, { minLength: 15, maxLength: 15 })).map(([first, rest]) => [first, ...rest]);
const mac = fc.tuple(byte.map((first) => first & 0xfc), fc.array(byte, { minLength: 5, maxLength: 5 })).map(([first, rest]) => [first, ...rest]).filter((bytes) => bytes.some((one) => one > 0));

/** Every way in which a host writes an address. */
function spellings(four: Bytes, six: Bytes, link: Bytes): readonly string[] {
  return [
    formatV4(four), hex(turned(four)), hex(turned(four)).toUpperCase(), four.join('-'), [...four].reverse().join('.'),
    formatV6(six), hex(six), hex(six).toUpperCase(), hex(turned(six)), hex(turned(six)).toUpperCase(), (hex(six).match(/.{4}/g) ?? []).join(':'),
    colons(link), colons(link).toUpperCase(), hex(link), link.map((one) => one.toString(16)).join(':'), colons(link).replaceAll(':', '-'), colons(link).replaceAll(':', ' '),
    (hex(link).match(/.{4}/g) ?? []).join('.'),
  ];
}

function everywhere(four: Bytes, six: Bytes, link: Bytes): string {
  const [dotted, colon] = [formatV4(four), formatV6(six)];
  const eui = [(link[0] ?? 0) ^ 2, ...link.slice(1, 3), 0xff, 0xfe, ...link.slice(3)];
  return [
    `LISTEN 0 128 ${dotted}:22 0.0.0.0:* users:(("sshd",pid=1,fd=3))`,
    `ESTAB 0 0 [${colon}]:443 [::ffff:${dotted}]:40000`,
    `   1: ${hex(turned(four)).toUpperCase()}:0035 00000000:0000 07 00000000:00000000 00:00000000 00000000`,
    `   2: ${hex(turned(six)).toUpperCase()}:0035 00000000000000000000000000000000:0000 07 00000000:00000000`,
    `${hex(six)} 02 40 00 80     eth0`,
    `eth0\t${hex(turned(four)).toUpperCase()}\t${hex(turned(four)).toUpperCase()}\t0003\t0\t0`,
    `${dotted} dev eth0 lladdr ${colons(link)} STALE`,
    `${dotted}         0x1         0x2         ${colons(link)}     *        eth0`,
    `fe80::${formatV6([0, 0, 0, 0, 0, 0, 0, 0, ...eui]).replace(/^::/, '')} dev eth0`,
    `IP ${dotted}.443 > ${dotted}.55000: Flags [S]`,
    `ip-${four.join('-')}.internal`,
    `${[...four].reverse().join('.')}.in-addr.arpa`,
    `enx${hex(link)}: 1 2 3`,
    `bridge_id 8000.${link.map((one) => one.toString(16)).join(':')}`,
    `MAC=${colons(link)}:${colons(link)}:08:00 SRC=${dotted} DST=${colon}`,
    `ll header: 00000000: ${colons(link).replaceAll(':', ' ')} ${colons(link).replaceAll(':', ' ')} 08 00`,
    `mac ${(hex(link).match(/.{4}/g) ?? []).join('.')}, ${colons(link).replaceAll(':', '-')}`,
    `{"address":"${colons(link)}","local":"${colon}"} ${dotted}/24 ${colon}/64 (${dotted}), ${dotted}.`,
  ].join('\n');
}

describe('addresses', () => {
  test('no address survives in any form in which a host writes it', () => {
    fc.assert(
      fc.property(v4, v6, mac, (four, six, link) => {
        const text = withoutAddresses(everywhere(four, six, link), new Pseudonyms(hash), false);
        for (const spelling of spellings(four, six, link)) {
          // A short one may be a part of another number by chance: as a word of its own it is gone.
          const alone = new RegExp(`(?<![0-9A-Za-z:.])${spelling.replaceAll('.', '\\.')}(?![0-9A-Za-z])(?!\\.\\d)`);
          expect(alone.exec(text)?.[0], `${spelling} in\n${text}`).toBeUndefined();
        }
      }),
      { seed: 11, numRuns: 400 },
    );
  });

  test('the same address is the same pseudonym in every form, and networks stay networks', () => {
    fc.assert(
      fc.property(v4, v6, byte, (four, six, last) => {
        const names = new Pseudonyms(hash);
        const other = [...four.slice(0, 3), last];
        const [one, two] = [names.v4(four), names.v4(other)];
        expect(two.slice(0, 3)).toEqual(one.slice(0, 3));
        expect(two[3]).toBe(last);
        const read = (text: string): string => withoutAddresses(text, names, false);
        expect(read(`${formatV4(four)}:80`)).toBe(`${formatV4(one)}:80`);
        expect(read(`${hex(turned(four)).toUpperCase()}:0050`)).toBe(`${hex(turned(one)).toUpperCase()}:0050`);
        const six1 = names.v6(six);
        expect(names.v6([...six.slice(0, 8), 0, 0, 0, 0, 0, 0, 0, last]).slice(0, 8)).toEqual(six1.slice(0, 8));
        expect(read(`[${formatV6(six)}]:80`)).toBe(`[${formatV6(six1)}]:80`);
        expect(read(`${hex(six)} 01 40 20 80 eth0`)).toBe(`${/[a-f]/.test(hex(six)) ? hex(six1) : hex(six1).toUpperCase()} 01 40 20 80 eth0`);
        expect(parseV6(formatV6(six))).toEqual(six);
      }),
      { seed: 13, numRuns: 500 },
    );
  });

  test('different addresses stay different', () => {
    const names = new Pseudonyms(hash);
    const seen = new Set<string>();
    for (let a = 1; a < 16; a += 1) for (let b = 0; b < 256; b += 1) seen.add(formatV4(names.v4([a, b, 7, 9])));
    expect(seen.size).toBe(15 * 256);
  });

  test.each([
    '0.0.0.0:22', '127.0.0.1:53', '127.0.0.53%lo:53', '[::]:22', '[::1]:631', ':::22', '::1', '224.0.0.251:5353', 'ff02::1', '169.254.169.254', '255.255.255.0',
    '00:00:00:00:00:00', 'ff:ff:ff:ff:ff:ff', '01:00:5e:00:00:fb', '*:*', '00000000:0016', '0100007F:0035',
    'std::move', '12:34:56', '2026-11-20T14:03:07', 'qdisc mq 8001: root', 'packets 12:345', '[12:340]', 'mtu 1500', '6.18.44', 'bus-info: 0000:00:03.0', 'fe80::1%eth0',
    './eth0/speed:1000', './eth0/speed:-1', 'decade: x', 'feed:', '..:', ':.:', 'a.b.c:', 'skmem:(r0,rb131072,t0,tb16384)', 'cubic wscale:7,7 rto:204', '00:00000000 00000000', '0000000a 00000000 00000001',
  ])('%s says the same on every host and stays', (text) => {
    expect(withoutAddresses(text, new Pseudonyms(hash), false)).toBe(text);
    expect(withoutAddresses(text, new Pseudonyms(hash), true)).toBe(text);
  });

  test('old ss writes a port behind an IPv6 address without brackets: the port stays', () => {
    expect(withoutAddresses('2a00:1450::5:443', new Pseudonyms(hash), true)).toMatch(/:443$/);
    expect(withoutAddresses('::ffff:10.1.2.3:443', new Pseudonyms(hash), true)).toMatch(/^::ffff:2\d\d\.\d+\.\d+\.3:443$/);
  });

  test('a host in the range of the pseudonyms gets other ones', () => {
    const names = new Pseudonyms(hash);
    const pseudonym = formatV4(names.v4([10, 0, 0, 1]));
    const clash: Recording = { ...recording, commands: recording.commands.map((command) => ({ ...command, output: `10.0.0.1 ${pseudonym}` })) };
    const output = redact(clash, hash).commands[0]?.output ?? '';
    expect(output).not.toContain(pseudonym);
  });

  test('what holds no address stays as it is, character by character', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'gxs_ab1:. -\n'), maxLength: 12 }).filter((text) => !/::/.test(text)), (text) => {
        expect(withoutAddresses(text, new Pseudonyms(hash), false)).toBe(text);
      }),
      { seed: 29, numRuns: 5000 },
    );
  });

  test('takes any text, in time that grows with it', () => {
    fc.assert(fc.property(fc.string({ unit: fc.constantFrom(...'0123abf:.- []\t\n'), maxLength: 400 }), (text) => void withoutAddresses(text, new Pseudonyms(hash), true)), { seed: 17, numRuns: 2000 });
    const began = performance.now();
    for (const piece of ['1.', ':', 'a:', '0', '1:2:', '00 ', 'a.']) withoutAddresses(piece.repeat(100_000), new Pseudonyms(hash), false);
    expect(performance.now() - began).toBeLessThan(5_000);
  });
});

describe('names and secrets', () => {
  const with_ = (output: string, target = 'ssh://alice@db-7.corp.example.com:2222/', name = 'db-7.corp.example.com'): string => {
    const header = { ...recording.header, target, host: { ...recording.header.host, name } };
    const result = redact({ ...recording, header, commands: recording.commands.map((command) => ({ ...command, output })) }, hash);
    return `${result.header.target} ${result.header.host.name} ${result.commands[0]?.output ?? ''}`;
  };

  test('of hosts and users are replaced, each by one word, everywhere', () => {
    const text = with_('db-7 alice /home/bob/x DB-7.corp.example.com bob mail.example.org net.ipv4.tcp_rmem uid=1000(carol) carol');
    for (const name of ['db-7', 'alice', 'bob', 'carol', 'corp.example', 'mail.example']) expect(text.toLowerCase()).not.toContain(name);
    expect(text).toContain('net.ipv4.tcp_rmem');
    expect(text).toMatch(/^ssh:\/\/user-[0-9a-f]{8}@host-([0-9a-f]{8})\.domain-[0-9a-f]{8}\.invalid:2222\/ host-\1\.domain-[0-9a-f]{8}\.invalid host-\1 /);
  });

  test('a host that is called like a word of a program keeps the texts readable', () => {
    expect(with_('LISTEN tcp drop', 'local:/', 'listen')).toMatch(/^local:\/ host-[0-9a-f]{8} LISTEN tcp drop$/);
  });

  test.each([
    'password=hunter2hunter2', 'Authorization: Bearer abcdef0123456789', 'https://bob:hunter2@example.com/', 'AKIAIOSFODNN7EXAMPLE', 'ghp_0123456789abcdefghij0123456789abcdef',
    '-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjE\n-----END OPENSSH PRIVATE KEY-----', 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abcDEF', 'enc cbc(aes) 0x00112233445566778899aabbccddeeff',
    'api_key: "s3cr3t-value"', '  private key: aGVsbG8gd29ybGQgaGVsbG8gd29ybGQ=',
  ])('%s is taken out', (text) => {
    const left = withoutSecrets(`before ${text} after`);
    expect(left).toContain('[secret]');
    expect(left).not.toMatch(/hunter2|0123456789|AKIA|b3Blbn|abcDEF|00112233|s3cr3t|aGVsbG8/);
  });

  test('what is no secret stays', () => {
    const text = 'tokens 5, key 3, tcp_fastopen_key absent, password authentication';
    expect(withoutSecrets(text)).toBe(text);
  });
});
