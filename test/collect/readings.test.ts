import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FactsBuilder, type Facts } from '../../src/core/facts.js';
import { english } from '../../src/core/message.js';
import { parserFor } from '../../src/core/parse/index.js';
import type { Reading } from '../../src/core/sample.js';
import { findSource, SOURCES } from '../../src/core/sources.js';
import type { Frame, FramePart } from '../../src/collect/probe/frames.js';
import { filesOf, lookOf, readingsOf, type Look, type ReadingContext } from '../../src/collect/probe/readings.js';

const echo = (text: string): Facts => {
  const facts = new FactsBuilder();
  if (text.includes('garbage')) facts.problem('line 1: "garbage\u001b[31m"');
  else facts.texts.set('text', text);
  return facts;
};

const ALL_TOOLS = new Set(['ip', 'ss', 'awk', 'tc', 'ethtool']);
const look = (rest: Partial<Look> = {}): Look => ({ absent: new Set(), denied: new Set(), tools: ALL_TOOLS, ...rest });
const context = (rest: Partial<ReadingContext> = {}): ReadingContext => ({
  sources: SOURCES,
  tiers: new Set(['fast', 'medium', 'slow']),
  parserFor: () => echo,
  look: look(),
  inNamespace: false,
  commandSeconds: 4,
  ...rest,
});
const frame = (...parts: readonly FramePart[]): Frame => ({ seq: 1, parts });
const part = (name: string, text: string, status: number | undefined = 0): FramePart => ({ name, text, status });

function said(reading: Reading | undefined): string {
  if (reading === undefined) return 'not due';
  if (reading.state === 'ok') return `ok: ${[...reading.facts.texts.values()].join()}`;
  return `${reading.reason}: ${english(reading.why)} / ${reading.how === undefined ? '–' : english(reading.how)}`;
}

const saidOf = (id: string, one: Frame, rest: Partial<ReadingContext> = {}): string => said(readingsOf(one, context(rest)).get(id));

describe('files', () => {
  it('are split at the headers of tail, exactly', () => {
    const text = '==> /proc/net/snmp <==\na\nb\n\n==> /proc/net/dev <==\n\n==> /proc/net/netstat <==\nno newline at the end';
    const files = filesOf(frame(part('files', text)), new Set(['/proc/net/snmp', '/proc/net/dev', '/proc/net/netstat']));
    expect([...files]).toEqual([
      ['/proc/net/snmp', 'a\nb\n'],
      ['/proc/net/dev', ''],
      ['/proc/net/netstat', 'no newline at the end'],
    ]);
  });

  it('are not split at what only looks like a header', () => {
    const text = '==> /proc/net/snmp <==\n==> /etc/shadow <==\n==> /proc/net/snmp <==\nx\n';
    const files = filesOf(frame(part('files', text)), new Set(['/proc/net/snmp']));
    expect([...files]).toEqual([['/proc/net/snmp', '==> /etc/shadow <==\n==> /proc/net/snmp <==\nx\n']]);
  });

  it('are told apart: read, absent, denied, not readable, empty', () => {
    const read = frame(part('files', '==> /proc/net/snmp <==\nIp: 1\n\n==> /proc/net/dev <==\n'));
    const seen = { look: look({ absent: new Set(['/proc/net/xfrm_stat']), denied: new Set(['/proc/net/netstat']) }) };
    expect(saidOf('snmp', read, seen)).toBe('ok: Ip: 1\n');
    expect(saidOf('xfrm_stat', read, seen)).toBe('absent: /proc/net/xfrm_stat does not exist in this kernel or namespace. / –');
    expect(saidOf('netstat', read, seen)).toBe('denied: /proc/net/netstat may not be read by this user: permission denied. / Connect as root.');
    expect(saidOf('softnet', read, seen)).toBe('failed: /proc/net/softnet_stat could not be read. / –');
    expect(saidOf('dev', read, seen)).toBe('failed: /proc/net/dev could not be read. / –');
  });

  it('of the first namespace only are not looked for in another', () => {
    expect(saidOf('arp_cache', frame(), { inNamespace: true })).toMatch(/^absent: \/proc\/net\/stat\/arp_cache exists only in the first/);
    expect(saidOf('arp_cache', frame(), { look: look({ absent: new Set(['/proc/net/stat/arp_cache']) }) })).toMatch(/^absent: .* does not exist/);
  });
});

describe('commands', () => {
  it('are told apart: run, failed, not installed, hanging, and never reached', () => {
    expect(saidOf('ss_listen', frame(part('ss_listen', 'State\n')))).toBe('ok: State\n');
    expect(saidOf('ss_listen', frame(part('ss_listen', '\n\u001b[31mCannot open netlink\u0007\nmore', 1)))).toBe(
      `failed: ss failed (exit status 1): Cannot open netlink / ${english(findSource('ss_listen')?.how ?? { text: '', args: [] })}`,
    );
    const without = { look: look({ tools: new Set(['awk']) }) };
    expect(saidOf('ss_listen', frame(), without)).toMatch(/^no-tool: ss is not installed\. \/ Install iproute2/);
    expect(saidOf('ethtool', frame(), without)).toMatch(/^no-tool: ethtool is not installed\. \/ Install ethtool/);
    const hung = frame(part('sysfs', './lo/mtu:1'), part('ss_listen', 'State', 124));
    expect(saidOf('sysfs', hung)).toBe('ok: ./lo/mtu:1');
    expect(saidOf('ss_listen', hung)).toMatch(/^failed: ss did not finish within 4 s\./);
    expect(saidOf('tc_qdisc', hung)).toMatch(/^failed: tc was not run, because ss before it did not finish within 4 s\./);
    expect(saidOf('tc_qdisc', frame())).toMatch(/^failed: tc was not run\./);
    expect(saidOf('ss_listen', frame(part('ss_listen', 'x'.repeat(999), 2))).length).toBeLessThan(320);
  });

  it('stand in for another only where its tool is missing', () => {
    expect(saidOf('proc_tcp', frame())).toBe('not due');
    expect(saidOf('proc_tcp', frame(part('proc_tcp', 'sl\n')), { look: look({ tools: new Set(['awk']) }) })).toBe('ok: sl\n');
    expect(saidOf('proc_tcp', frame(), { look: look({ tools: new Set() }) })).toMatch(/^no-tool: awk is not installed/);
  });
});

describe('readings', () => {
  it('hold exactly the sources that were due', () => {
    const due = readingsOf(frame(), context({ tiers: new Set(['fast']) }));
    expect([...due.keys()]).toEqual(SOURCES.filter((source) => source.tier === 'fast').map((source) => source.id));
  });

  it('say what could not be understood when nothing was', () => {
    expect(saidOf('snmp', frame(part('files', '==> /proc/net/snmp <==\ngarbage\n')))).toBe(
      'garbled: /proc/net/snmp printed something that could not be read: line 1: "garbage" / –',
    );
  });

  it('take a look from a frame that has one', () => {
    expect(lookOf(frame())).toBeUndefined();
    expect(lookOf(frame(part('look', 'absent /a\ndenied /b\ntool ss\ntool ip\n')))).toEqual({
      absent: new Set(['/a']),
      denied: new Set(['/b']),
      tools: new Set(['ss', 'ip']),
    });
  });

  it('never throw, whatever a host prints, and answer every source that was due', () => {
    const ids = SOURCES.map((source) => source.id);
    const headers = SOURCES.flatMap((source) => (source.reader.kind === 'file' ? [`\n==> ${source.reader.path} <==\n`] : []));
    const garbage = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 200 }),
      fc.constantFrom('Tcp: A B\nTcp: 1\n', '-1\n', '18446744073709551616', 'Inter-|\n lo: 1 2', '[{"ifname":"$(reboot)"}]', '\u0000'),
    );
    const parts = fc.array(
      fc.oneof(
        fc.record({ name: fc.constantFrom(...ids), text: garbage, status: fc.constantFrom(0, 0, 1, 124, undefined) }),
        fc.array(fc.tuple(fc.constantFrom(...headers), garbage)).map((files) => part('files', files.flat().join(''))),
      ),
    );
    fc.assert(
      fc.property(parts, (printed) => {
        const readings = readingsOf(frame(...printed), context({ parserFor }));
        for (const id of ids) if (id !== 'proc_tcp') expect(readings.has(id)).toBe(true);
        for (const reading of readings.values()) if (reading.state === 'unreadable') expect(english(reading.why)).not.toMatch(/\p{Cc}/u);
      }),
      { seed: 17, numRuns: 500 },
    );
  });
});
