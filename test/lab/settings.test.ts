import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { actLine } from '../../src/collect/change/program.js';
import { localTransport } from '../../src/collect/local.js';
import { runScript } from '../../src/collect/run.js';
import { parseAddress } from '../../src/core/fix/address.js';
import { known } from '../../src/core/fix/kinds/index.js';
import type { Act, Setting } from '../../src/core/fix/types.js';
import { readSettings, type RootAt } from '../../src/engine/settings.js';
import { Lab, whyNot, type Host } from './lab.js';

/** One real setting: a change of it, and what shows the whole of it. */
interface Case {
  readonly address: string;
  readonly after: string;
  /** Prints everything that the change could touch. */
  readonly shows: readonly (readonly string[])[];
}

const lab = new Lab();
const signal = new AbortController().signal;
/** A name that a shell would run, an option would be, or a path would split. */
const HOSTILE = '$(reboot)';
const DOTTED = 'eth0.100';
let host: Host;
let at: RootAt;
let dev = '';

beforeAll(async () => {
  const why = await whyNot();
  if (why !== undefined) throw new Error(`The settings were not tried, because ${why}`);
  const { near } = await lab.pair();
  ({ host, dev } = near);
  at = { transport: localTransport(), prefix: ['ip', 'netns', 'exec', host.netns] };
  for (const name of [HOSTILE, DOTTED]) await host.run('ip', 'link', 'add', name, 'type', 'bridge');
  await host.run('tc', 'qdisc', 'add', 'dev', dev, 'root', 'handle', '1:', 'htb', 'default', '10');
  await host.run('tc', 'class', 'add', 'dev', dev, 'parent', '1:', 'classid', '1:10', 'htb', 'rate', '1mbit', 'burst', '1600', 'cburst', '1600');
  await host.run('tc', 'qdisc', 'add', 'dev', dev, 'parent', '1:10', 'handle', '20:', 'pfifo', 'limit', '5');
  await host.run('tc', 'qdisc', 'add', 'dev', HOSTILE, 'root', 'handle', '7:', 'bfifo', 'limit', '20000');
  await host.nft(`table inet f { chain in { type filter hook input priority 0; tcp dport 1 drop; ip saddr { 192.0.2.1, 192.0.2.2 } log prefix "x drop" counter drop comment "a \$(b) 'c'"; udp dport 5 counter reject with icmpx admin-prohibited; }; }`);
  await host.run('iptables', '-A', 'INPUT', '-p', 'udp', '--dport', '7', '-m', 'comment', '--comment', 'a "b" $(c) \'d\'', '-j', 'REJECT');
  await host.run('iptables', '-A', 'INPUT', '-i', 'lo', '-p', 'tcp', '--dport', '9', '-j', 'DROP');
  await host.run('iptables-legacy', '-A', 'INPUT', '-p', 'tcp', '--dport', '11', '-j', 'REJECT', '--reject-with', 'tcp-reset');
  await host.run('ip', 'route', 'add', 'blackhole', '198.51.100.0/24', 'metric', '5', 'proto', 'static');
  await host.run('ip', 'route', 'add', 'prohibit', '203.0.113.0/24', 'table', '77');
  await host.run('ip', '-6', 'route', 'add', 'unreachable', '2001:db8::/32', 'metric', '512');
});

afterAll(() => lab[Symbol.asyncDispose]());

const CASES: readonly Case[] = [
  { address: 'sysctl net.core.somaxconn', after: '1234', shows: [['sysctl', 'net.core.somaxconn']] },
  { address: 'sysctl net.ipv4.tcp_rmem[2]', after: '8388608', shows: [['cat', '/proc/sys/net/ipv4/tcp_rmem']] },
  { address: 'sysctl net.ipv4.ip_local_port_range', after: '15000 64999', shows: [['cat', '/proc/sys/net/ipv4/ip_local_port_range']] },
  { address: `sysctl net/ipv4/conf/${DOTTED}/rp_filter`, after: '2', shows: [['cat', `/proc/sys/net/ipv4/conf/${DOTTED}/rp_filter`]] },
  { address: `sysctl net/ipv4/conf/${HOSTILE}/arp_ignore`, after: '1', shows: [['cat', `/proc/sys/net/ipv4/conf/${HOSTILE}/arp_ignore`]] },
  { address: 'link DEV mtu', after: '1400', shows: [['ip', 'link', 'show'], ['ip', 'address']] },
  { address: 'link DEV txqueuelen', after: '77', shows: [['ip', 'link', 'show']] },
  { address: `link ${HOSTILE} mtu`, after: '1300', shows: [['ip', 'link', 'show']] },
  { address: `link ${DOTTED} txqueuelen`, after: '55', shows: [['ip', 'link', 'show']] },
  { address: 'qdisc DEV 1:10 limit', after: '50', shows: [['tc', 'qdisc', 'show'], ['tc', 'class', 'show', 'dev', 'DEV']] },
  { address: `qdisc ${HOSTILE} root limit`, after: '90000', shows: [['tc', 'qdisc', 'show']] },
  { address: 'rule nft inet f in #2', after: 'off', shows: [['nft', '-a', 'list', 'ruleset', 'inet']] },
  { address: 'rule nft inet f in #4', after: 'off', shows: [['nft', '-a', 'list', 'ruleset', 'inet']] },
  { address: 'rule nft inet f in #5', after: 'off', shows: [['nft', '-a', 'list', 'ruleset', 'inet']] },
  { address: 'rule iptables filter INPUT 1', after: 'off', shows: [['iptables', '-S']] },
  { address: 'rule iptables filter INPUT 2', after: 'off', shows: [['iptables', '-S']] },
  { address: 'rule iptables-legacy filter INPUT 1', after: 'off', shows: [['iptables-legacy', '-S']] },
  { address: 'route ipv4 main blackhole 198.51.100.0/24', after: 'absent', shows: [['ip', 'route', 'show', 'table', 'all']] },
  { address: 'route ipv4 77 prohibit 203.0.113.0/24', after: 'absent', shows: [['ip', 'route', 'show', 'table', 'all']] },
  { address: 'route ipv6 main unreachable 2001:db8::/32', after: 'absent', shows: [['ip', '-6', 'route', 'show', 'table', 'all']] },
  { address: 'ethtool DEV feature tx', after: 'off', shows: [['ethtool', '-k', 'DEV']] },
  { address: 'ethtool DEV feature gro', after: 'on', shows: [['ethtool', '-k', 'DEV']] },
];

function settingAt(address: string): Setting {
  const parsed = parseAddress(address.replace('DEV', dev));
  if (parsed.kind === 'malformed') throw new Error(parsed.problem.text);
  return parsed.setting;
}

async function perform(acts: readonly Act[]): Promise<string> {
  const outcome = await runScript(at.transport, { script: ['set -e', ...acts.map(actLine)].join('\n'), env: new Map(), timeoutSeconds: 10, prefix: at.prefix }, signal);
  if (outcome.kind !== 'done') throw new Error('cancelled');
  return outcome.output;
}

async function read(setting: Setting): Promise<{ value: string; state: string }> {
  const outcome = await readSettings(at, [setting], signal);
  if (outcome.kind === 'refused') throw new Error(`${outcome.why.text} ${outcome.why.args.join(' ')}`);
  const [current] = outcome.currents;
  if (current === undefined) throw new Error('nothing was read');
  return current;
}

describe('a real setting', () => {
  it.each(CASES)('$address is set, and put back to the byte', async ({ address, after, shows }) => {
    const setting = settingAt(address);
    const { sets, resets, check } = known(setting);
    const shown = (): Promise<string[]> => Promise.all(shows.map((argv) => host.run(...argv.map((word) => (word === 'DEV' ? dev : word)))));
    const before = await read(setting);
    const text = await shown();
    expect(check(after, before)).toBeUndefined();
    // ethtool tells what else it switched.
    expect(await perform(sets(after, before))).toMatch(setting.kind === 'ethtool' ? /^(?:Actual changes:|$)/ : /^$/);
    expect(await read(setting)).toMatchObject({ value: after });
    if (before.value !== after) expect(await shown()).not.toEqual(text);
    await perform(resets(before));
    expect(await shown()).toEqual(text);
    // Whoever undoes does not know whether it was undone already.
    await perform(resets(before));
    expect(await shown()).toEqual(text);
  });

  it.each(['0', '1'])('forwarding on and off again leaves every setting of the interfaces as it was, accept_redirects %s among them', async (redirects) => {
    await host.sysctl('net.ipv4.conf.all.accept_redirects', redirects);
    const all = (): Promise<string> => host.run('sysctl', '-a', '-r', '^net.ipv4.(conf|ip_forward)');
    const text = await all();
    const settings = ['sysctl net.ipv4.conf.all.accept_redirects', 'sysctl net.ipv4.ip_forward'].map(settingAt);
    const befores = [];
    for (const setting of settings) befores.push({ setting, before: await read(setting) });
    await perform(befores.flatMap(({ setting, before }, index) => known(setting).sets(String(index), before)));
    expect(await host.run('sysctl', '-n', 'net.ipv4.ip_forward', 'net.ipv4.conf.all.accept_redirects')).toBe('1\n0\n');
    await perform(befores.toReversed().flatMap(({ setting, before }) => known(setting).resets(before)));
    expect(await all()).toBe(text);
  });

  it('a rule that is off keeps its place and counts what it would have dropped', async () => {
    const setting = settingAt('rule nft inet f in #2');
    const before = await read(setting);
    await perform(known(setting).sets('off', before));
    await host.attempt('python3', '-c', "import socket; socket.create_connection(('127.0.0.1', 1), 1)");
    expect(await host.run('nft', '-a', 'list', 'chain', 'inet', 'f', 'in')).toMatch(/tcp dport 1 counter packets [1-9]\d* bytes \d+ # handle 2$/m);
    await perform(known(setting).resets(before));
  });

  it.each([
    ['sysctl net.netfilter.nf_conntrack_max', /Permission denied|Read-only/],
    ['sysctl net.ipv4.ip_local_port_range', /Invalid argument/],
  ])('%s: what the kernel does not take is told, and nothing changes', async (address, message) => {
    const setting = settingAt(address);
    const before = await read(setting);
    expect(await perform(known(setting).sets(address.endsWith('range') ? '60000 50000' : '999999', before))).toMatch(message);
    expect(await read(setting)).toEqual(before);
  });

  it.each([
    ['sysctl net.core.nothing', 'No such file'],
    [`link ${randomBytes(4).toString('hex')} mtu`, 'No such file'],
    ['rule nft inet nothing in #2', 'No such file'],
    ['rule nft inet f in #99', 'There is no'],
    ['qdisc DEV 1:99 limit', 'There is no'],
    ['ethtool DEV ring rx', ''],
  ])('%s cannot be read, and says why', async (address, why) => {
    const outcome = await readSettings(at, [settingAt(address)], signal);
    expect(outcome.kind).toBe('refused');
    if (outcome.kind === 'refused') expect(`${outcome.why.text} ${outcome.why.args.join(' ')}`).toContain(why);
  });
});
