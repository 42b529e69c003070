import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parserFor } from '../../../src/core/parse/index.js';
import { SOURCES } from '../../../src/core/sources.js';
import { allFixtures, parse, plain, rowOf } from './fixtures.js';

const NAMES = ['$(reboot)', '__proto__', 'constructor', 'toString', '; rm -rf x', '\u0000', '\u001b[2J', '%n', '\ud800', 'x'.repeat(300)];

/** Changes a text as a broken host, a cut connection or an attacker would. */
const mutation: fc.Arbitrary<(text: string) => string> = fc.oneof(
  fc.double({ min: 0, max: 1, noNaN: true }).map((part) => (text: string) => text.slice(0, Math.floor(text.length * part))),
  fc.double({ min: 0, max: 1, noNaN: true }).map((part) => (text: string) => text.slice(Math.floor(text.length * part))),
  fc
    .array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.string({ unit: 'binary', maxLength: 4 })), { maxLength: 6 })
    .map((edits) => (text: string) =>
      edits.reduce((each, [at, by]) => {
        const index = Math.floor(each.length * at);
        return each.slice(0, index) + by + each.slice(index + by.length);
      }, text),
    ),
  fc.tuple(fc.nat(), fc.constantFrom(...NAMES)).map(([seed, name]) => (text: string) => {
    const words = text.split(/(\s+)/);
    words[seed % Math.max(words.length, 1)] = name;
    return words.join('');
  }),
  fc.tuple(fc.nat(), fc.integer({ min: 1, max: 30 })).map(([seed, times]) => (text: string) => {
    const lines = text.split('\n');
    const index = seed % lines.length;
    lines.splice(index, 0, ...Array.from({ length: times }, () => lines[index] ?? ''));
    return lines.join('\n');
  }),
  fc.nat().map((seed) => (text: string) => {
    const lines = text.split('\n');
    const [line = ''] = lines.splice(seed % lines.length, 1);
    lines.splice((seed * 7) % (lines.length + 1), 0, line);
    return lines.join('\n');
  }),
  fc.constant((text: string) => text.replaceAll('\n', '\r\n')),
  fc.constant((text: string) => text.replaceAll(' ', '')),
  fc.constant((text: string) => text.replace(/\d+/g, '99999999999999999999999')),
);

describe('hostile text', () => {
  it('never makes a parser throw, and never yields a value of the wrong kind', () => {
    const fixtures = allFixtures();
    const perFixture = Math.ceil(22_000 / fixtures.length);
    let runs = 0;
    for (const [index, fixture] of fixtures.entries()) {
      fc.assert(
        fc.property(fc.array(mutation, { minLength: 1, maxLength: 3 }), (mutations) => {
          runs += 1;
          const text = mutations.reduce((each, mutate) => mutate(each), fixture.text);
          const facts = parse(fixture.source, text);
          expectSound(facts.counters, facts.gauges, facts.texts);
          for (const row of facts.rows) {
            if (row.key === '') throw new Error('a row without a key');
            expectSound(row.counters, row.gauges, row.labels);
          }
          if (facts.problems.length > 8) throw new Error('too many problems');
        }),
        { seed: 1_000 + index, numRuns: perFixture },
      );
    }
    expect(runs).toBeGreaterThanOrEqual(20_000);
  });

  it('survives arbitrary text in every source', () => {
    for (const source of SOURCES) {
      fc.assert(
        fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
          parse(source.id, text);
        }),
        { seed: 77, numRuns: 60 },
      );
    }
  });

  it('tells about every source when its text is only noise', () => {
    const silent = new Set<string>();
    for (const source of SOURCES) if (parse(source.id, '\u0001\u0002 \ufffd\u0003\n'.repeat(3)).problems.length === 0) silent.add(source.id);
    expect([...silent]).toEqual([]);
  });

  it('takes time in proportion to the text', () => {
    const starts = new Map([
      ['netstat', ['TcpExt: ', 'A ', '\n']],
      ['dev', [' face |\n', 'x: ', '\n']],
      ['ss_process', ['Recv-Q\ntcp LISTEN 0 0 *:1 *:* users:(("', 'a",', '\n']],
      ['ss_established', ['Recv-Q\n0 0 1.1.1.1:1 2.2.2.2:2 ', 'a:b(', '\n']],
      ['tc_qdisc', ['qdisc fq 1: dev a root\n ', '( 1 a', '\n']],
      ['ethtool', ['droplens-interface a\nNIC statistics:\n ', 'a: ', '\n']],
      ['ip_link', ['', '[{"ifname":', '\n']],
      ['sysfs', ['', './', ':1\n']],
      ['proc_udp', ['sl\n', '1: 0100007F:0035 ', '\n']],
    ]);
    for (const [source, [head = '', unit = '', tail = '']] of starts) {
      for (const fill of [unit, ' ', '\t \t', '0 ', ':', '(', 'a', '9']) {
        const text = head + fill.repeat(Math.ceil(400_000 / fill.length)) + tail;
        const started = performance.now();
        parse(source, text);
        const took = performance.now() - started;
        // Linear parsers need some tens of milliseconds for this; a quadratic one needs minutes.
        expect(took, `${source} with ${JSON.stringify(fill)}`).toBeLessThan(3_000);
      }
    }
  });
});

/** Values that a parser may hand out: exact counts, finite levels, bounded names. */
function expectSound(counters: ReadonlyMap<string, number | bigint>, gauges: ReadonlyMap<string, number>, texts: ReadonlyMap<string, string>): void {
  for (const [name, value] of counters) {
    const exact = typeof value === 'bigint' ? value > BigInt(Number.MAX_SAFE_INTEGER) : Number.isSafeInteger(value) && value >= 0;
    if (!exact || name === '' || name.length > 300) throw new Error(`counter ${name} is ${value}`);
  }
  for (const [name, value] of gauges) if (!Number.isFinite(value)) throw new Error(`level ${name} is ${value}`);
  for (const [name, value] of texts) if (value.length > 1_024) throw new Error(`word ${name} has ${value.length} characters`);
}

const name = fc.stringMatching(/^[A-Z][A-Za-z0-9]{0,20}$/);
const count = fc.oneof(fc.nat(), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }));

/** As counters are kept: a number where that is exact. */
function exact(value: number | bigint): number | bigint {
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;
}

describe('round trips', () => {
  it('reads back any generated netstat', () => {
    const group = fc.uniqueArray(fc.tuple(name, count), { selector: ([key]) => key, minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(group, group, (tcp, ip) => {
        const pair = (label: string, values: readonly (readonly [string, number | bigint])[]): string =>
          `${label}: ${values.map(([key]) => key).join(' ')}\n${label}: ${values.map(([, value]) => String(value)).join(' ')}\n`;
        const facts = parse('netstat', pair('TcpExt', tcp) + pair('IpExt', ip));
        expect(facts.problems).toEqual([]);
        expect(plain(facts.counters)).toEqual(
          Object.fromEntries([
            ...tcp.map(([key, value]) => [`TcpExt.${key}`, exact(value)]),
            ...ip.map(([key, value]) => [`IpExt.${key}`, exact(value)]),
          ]),
        );
      }),
      { seed: 11, numRuns: 300 },
    );
  });

  it('reads back any generated dev', () => {
    // What the kernel allows in a name (dev_valid_name in net/core/dev.c): no white space, no slash, no colon.
    const device = fc.string({ unit: 'binary-ascii', minLength: 1, maxLength: 15 }).filter((each) => !/[\s/:|]/.test(each) && !/^\.\.?$/.test(each));
    const values = fc.array(count, { minLength: 16, maxLength: 16 });
    const header =
      'Inter-|   Receive                                                |  Transmit\n face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n';
    fc.assert(
      fc.property(fc.uniqueArray(fc.tuple(device, values), { selector: ([key]) => key, maxLength: 8 }), fc.boolean(), (devices, space) => {
        const text = header + devices.map(([key, row]) => `${key.padStart(6)}:${space ? ' ' : ''}${row.join('   ')}\n`).join('');
        const facts = parse('dev', text);
        expect(facts.problems).toEqual([]);
        expect(facts.rows.map((row) => row.key)).toEqual(devices.map(([key]) => key));
        for (const [key, row] of devices) expect([...rowOf(facts, 'interface', key).counters.values()]).toEqual(row.map(exact));
      }),
      { seed: 12, numRuns: 300 },
    );
  });

  it('reads back any generated udp', () => {
    const socket = fc.record({ port: fc.nat(65_535), rx: fc.nat(), tx: fc.nat(), uid: fc.nat(), inode: fc.nat(), drops: count });
    fc.assert(
      fc.property(fc.uniqueArray(socket, { selector: (each) => each.port, maxLength: 10 }), (sockets) => {
        const hex = (value: number, digits: number): string => value.toString(16).toUpperCase().padStart(digits, '0');
        const lines = sockets.map(
          (each, index) =>
            `${String(index).padStart(5)}: 0100007F:${hex(each.port, 4)} 00000000:0000 07 ${hex(each.tx, 8)}:${hex(each.rx, 8)} 00:00000000 00000000 ${each.uid}        0 ${each.inode} 2 0000000000000000 ${each.drops}\n`,
        );
        const facts = parse('proc_udp', `  sl  local_address rem_address   st tx_queue rx_queue\n${lines.join('')}`);
        expect(facts.problems).toEqual([]);
        for (const each of sockets) {
          const row = rowOf(facts, 'udp', `udp 127.0.0.1:${each.port}`);
          expect(plain(row.gauges)).toEqual({ recv_q: each.rx, send_q: each.tx });
          expect(row.counters.get('drops')).toBe(exact(each.drops));
          expect(row.labels.get('uid')).toBe(String(each.uid));
        }
      }),
      { seed: 13, numRuns: 200 },
    );
  });
});

describe('the register', () => {
  it('has a parser for every source, and for nothing else', () => {
    for (const source of SOURCES) expect(parserFor(source.id), source.id).toBeTypeOf('function');
    for (const id of ['', 'nosuch', 'sysctl.', 'sysctl.kernel.hostname', '__proto__', 'constructor']) expect(parserFor(id)).toBeUndefined();
  });

  it('reads every fixture of a working host without a problem', () => {
    // These show a tool that is too old or too small for its options, and hosts without tcp_diag.
    const expected = new Set([
      'linux-3.10-centos-7/ip_link',
      'linux-4.19-busybox/tc_qdisc',
      'linux-5.10-debian-11/ns/ss_listen',
      'linux-6.1-debian-12/ns/ss_listen',
    ]);
    for (const { host, source, text } of allFixtures()) {
      const { problems } = parse(source, text);
      if (expected.has(`${host}/${source}`)) expect(problems.length).toBeGreaterThan(0);
      else expect(problems, `${host}/${source}`).toEqual([]);
    }
  });

  it('has a fixture for every kind of source', () => {
    const seen = new Set(allFixtures().map((fixture) => fixture.source));
    const missing = SOURCES.map((source) => source.id).filter((id) => !id.startsWith('sysctl.') && !seen.has(id));
    expect(missing).toEqual([]);
  });
});
