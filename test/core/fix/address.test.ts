import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseAddress } from '../../../src/core/fix/address.js';
import { known } from '../../../src/core/fix/kinds/index.js';

fc.configureGlobal({ seed: 51 });

const setting = (text: string) => {
  const parsed = parseAddress(text);
  return parsed.kind === 'setting' ? parsed.setting : undefined;
};

describe('the address of a setting', () => {
  test.each([
    ['sysctl net.core.somaxconn', { kind: 'sysctl', path: 'net/core/somaxconn', index: null }],
    ['sysctl net.ipv4.tcp_rmem[2]', { kind: 'sysctl', path: 'net/ipv4/tcp_rmem', index: 2 }],
    ['sysctl net/ipv4/conf/eth0.100/rp_filter', { kind: 'sysctl', path: 'net/ipv4/conf/eth0.100/rp_filter', index: null }],
    ['sysctl net/ipv4/conf/$(reboot)/rp_filter', { kind: 'sysctl', path: 'net/ipv4/conf/$(reboot)/rp_filter', index: null }],
    ['sysctl net.bridge.bridge-nf-call-iptables', { kind: 'sysctl', path: 'net/bridge/bridge-nf-call-iptables', index: null }],
    ['link $(reboot) mtu', { kind: 'link', dev: '$(reboot)', attribute: 'mtu' }],
    ['link eth0.100 txqueuelen', { kind: 'link', dev: 'eth0.100', attribute: 'txqueuelen' }],
    ['qdisc eth0 root limit', { kind: 'qdisc', dev: 'eth0', parent: 'root', option: 'limit' }],
    ['qdisc eth0 1:a0 limit', { kind: 'qdisc', dev: 'eth0', parent: '1:a0', option: 'limit' }],
    ['qdisc eth0 :1 limit', { kind: 'qdisc', dev: 'eth0', parent: ':1', option: 'limit' }],
    ['rule nft inet filter input #12', { kind: 'rule', rule: { backend: 'nft', family: 'inet', table: 'filter', chain: 'input', handle: 12 } }],
    ['rule ip6tables-legacy filter DOCKER-USER 3', { kind: 'rule', rule: { backend: 'ip6tables-legacy', table: 'filter', chain: 'DOCKER-USER', position: 3 } }],
    ['route ipv6 100 prohibit fd00::/8', { kind: 'route', family: 6, table: '100', type: 'prohibit', destination: 'fd00::/8' }],
    ['ethtool eth0 ring rx', { kind: 'ethtool', dev: 'eth0', group: 'ring', name: 'rx' }],
  ])('%s', (text, expected) => {
    expect(setting(text)).toEqual(expected);
  });

  test.each([
    'sysctl net.core.somaxconn more', 'sysctl somaxconn', 'sysctl net..somaxconn', 'sysctl net/../../etc/passwd', 'sysctl net/ipv4/conf/../x', 'sysctl net.ipv4.tcp_rmem[8]',
    'sysctl /etc/passwd', 'sysctl net/core/', 'sysctl net/core/\u0007x', 'link -x mtu', 'link --help mtu', 'link .. mtu', 'link . mtu', 'link a/b mtu', 'link a:b mtu', 'link a b mtu',
    'link  mtu', 'link a\u00a0b mtu', 'link a\u202eb mtu', 'link aaaaaaaaaaaaaaaa mtu', 'link éééééééé mtu', 'link eth0 address', 'qdisc eth0 root rate', 'qdisc eth0 dev limit', 'qdisc eth0 1:fffff limit',
    'rule nft inet filter input 12', 'rule nft inet fil{ter input #1', 'rule nft inet filter in;put #1', 'rule iptables filter INPUT -1', 'rule iptables filter IN$PUT 1', 'rule pf filter INPUT 1',
    'route ipv4 main blackhole 10.0.0.0/8;reboot', 'route ipv5 main blackhole 10.0.0.0/8', 'route ipv4 main BLACKHOLE 10.0.0.0/8', 'route ipv4 main -x 10.0.0.0/8', 'ethtool eth0 eeprom x', 'ethtool eth0 ring r;x', '', 'link', '\n',
  ])('refuses %j', (text) => {
    expect(parseAddress(text)).toMatchObject({ kind: 'malformed' });
  });

  test('never throws, and what it takes never becomes an option, a part of a path that leads elsewhere, or an invisible word', () => {
    const word = fc.oneof(fc.constantFrom('sysctl', 'link', 'qdisc', 'rule', 'route', 'ethtool', 'mtu', 'limit', 'root', 'nft', 'ipv4', 'ring', '..', '-x', '$(reboot)', 'net/..', 'a\tb', '`id`', '#1'), fc.string({ unit: 'binary', maxLength: 20 }));
    fc.assert(
      fc.property(fc.array(word, { maxLength: 7 }), (words) => {
        const parsed = parseAddress(words.join(' '));
        if (parsed.kind === 'malformed') return;
        for (const read of known(parsed.setting).reads) {
          if (read.kind === 'read') {
            expect(read.path).toMatch(/^\/(?:proc\/sys|sys\/class\/net)\//);
            expect(read.path.split('/')).not.toContain('..');
          } else {
            expect(read.argv.slice(1).filter((one) => /[\p{C}]/u.test(one))).toEqual([]);
          }
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
