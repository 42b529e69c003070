import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseAddress } from '../../../src/core/fix/address.js';
import { known, type KnownSetting } from '../../../src/core/fix/kinds/index.js';
import type { Act, Current } from '../../../src/core/fix/types.js';

fc.configureGlobal({ seed: 52 });

function at(address: string): KnownSetting {
  const parsed = parseAddress(address);
  if (parsed.kind === 'malformed') throw new Error(`${address}: ${parsed.problem.text}`);
  return known(parsed.setting);
}

function current(address: string, text: string): Current {
  const understood = at(address).understand([text]);
  if ('text' in understood) throw new Error(`${address}: ${understood.text} ${understood.args.join(' ')}`);
  return understood;
}

const argvOf = (acts: readonly Act[]): readonly (readonly string[])[] => acts.map((act) => (act.kind === 'run' ? act.argv : ['write', act.path, act.text]));

describe('sysctl', () => {
  test('one number of several: the others stay, and the whole line comes back', () => {
    const before = current('sysctl net.ipv4.tcp_rmem[2]', '4096\t131072\t6291456\n');
    expect(before.value).toBe('6291456');
    const { sets, resets } = at('sysctl net.ipv4.tcp_rmem[2]');
    expect(argvOf(sets('8388608', before))).toEqual([['write', '/proc/sys/net/ipv4/tcp_rmem', '4096 131072 8388608']]);
    expect(argvOf(resets(before))).toEqual([['write', '/proc/sys/net/ipv4/tcp_rmem', '4096 131072 6291456']]);
    expect(at('sysctl net.ipv4.tcp_rmem[3]').understand(['1 2 3'])).toHaveProperty('text');
  });

  test.each([
    ['sysctl net.core.somaxconn', '4096', ['8192'], ['', 'x', '8192; reboot', '$(reboot)', '8192 1', '1e6', '0x10', '٣', '99999999999999999', '8192\n1']],
    ['sysctl net.ipv4.ip_local_port_range', '32768\t60999', ['15000 64999'], ['15000', '15000  64999', '15000 64999 1', '15000 x']],
    ['sysctl net.ipv4.tcp_rmem[2]', '4096 131072 6291456', ['1'], ['1 2', '-', '1.5']],
  ])('%s takes whole numbers only', (address, text, good, bad) => {
    const before = current(address, text);
    for (const value of good) expect(at(address).check(value, before)).toBeUndefined();
    for (const value of bad) expect(at(address).check(value, before), value).toHaveProperty('text');
  });

  test('any change is undone to the line from before', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(), { minLength: 1, maxLength: 8 }), fc.nat(), fc.nat({ max: 7 }), (numbers, value, place) => {
        const index = place % numbers.length;
        const { sets, resets, understand } = at(`sysctl net.ipv4.tcp_rmem[${index}]`);
        let file = numbers.join('\t');
        const write = (acts: readonly Act[]): void => {
          for (const act of acts) if (act.kind === 'write') file = act.text.replaceAll(' ', '\t');
        };
        const before = understand([file]);
        if ('text' in before) throw new Error(before.text);
        write(sets(String(value), before));
        expect(understand([file])).toMatchObject({ value: String(value) });
        write(resets(before));
        expect(file).toBe(numbers.join('\t'));
        write(resets(before));
        expect(file).toBe(numbers.join('\t'));
      }),
    );
  });
});

describe('link', () => {
  test.each([
    ['0x1003', 'up'],
    ['0x1002', 'down'],
  ])('the flags %s mean %s', (flags, value) => {
    expect(current('link eth0 state', `${flags}\n`).value).toBe(value);
  });

  test('hostile names are arguments', () => {
    const before = current('link $(reboot) mtu', '1500\n');
    expect(argvOf(at('link $(reboot) mtu').sets('9000', before))).toEqual([['ip', 'link', 'set', 'dev', '$(reboot)', 'mtu', '9000']]);
    expect(argvOf(at('link ;ls state').resets(current('link ;ls state', '0x1003')))).toEqual([['ip', 'link', 'set', 'dev', ';ls', 'up']]);
  });

  test.each([['mtu', '67'], ['mtu', '70000'], ['mtu', '1500;'], ['state', 'UP'], ['state', ''], ['txqueuelen', '-1'], ['txqueuelen', '9999999']])('%s refuses %s', (attribute, value) => {
    expect(at(`link eth0 ${attribute}`).check(value, { value: '', state: '' })).toHaveProperty('text');
  });
});

describe('qdisc', () => {
  // tc leaves the device out where it is asked for one (iproute2 4.19 to 6.x print the same).
  const HTB = 'qdisc htb 1: root refcnt 2 r2q 10 default 0x10 direct_packets_stat 0 direct_qlen 1000\nqdisc pfifo 20: parent 1:10 limit 5p\nqdisc bfifo 30: parent 1:20 limit 15000b\n';
  const MQ = 'qdisc mq 0: root \nqdisc fq_codel 0: parent :2 limit 10240p flows 1024 quantum 1514 target 5ms interval 100ms memory_limit 32Mb ecn drop_batch 64 \nqdisc fq_codel 0: parent :1 limit 10240p flows 1024 quantum 1514 target 5ms interval 100ms memory_limit 32Mb ecn drop_batch 64 \n';

  test('a queue below a class is changed in its place', () => {
    const before = current('qdisc eth0 1:10 limit', HTB);
    expect(before.value).toBe('5');
    expect(argvOf(at('qdisc eth0 1:10 limit').sets('20', before))).toEqual([['tc', 'qdisc', 'change', 'dev', 'eth0', 'parent', '1:10', 'handle', '20:', 'pfifo', 'limit', '20']]);
    expect(argvOf(at('qdisc eth0 1:10 limit').resets(before))).toEqual([['tc', 'qdisc', 'change', 'dev', 'eth0', 'parent', '1:10', 'handle', '20:', 'pfifo', 'limit', '5']]);
    expect(current('qdisc eth0 1:20 limit', HTB).value).toBe('15000');
  });

  test('the kernel’s own at the root gives way to one of ours, and comes back', () => {
    const before = current('qdisc eth0 root limit', 'qdisc fq_codel 0: root refcnt 2 limit 10240p flows 1024\n');
    expect(argvOf(at('qdisc eth0 root limit').sets('20480', before))).toEqual([['tc', 'qdisc', 'replace', 'dev', 'eth0', 'root', 'fq_codel', 'limit', '20480']]);
    expect(argvOf(at('qdisc eth0 root limit').resets(before))).toEqual([['tc', 'qdisc', 'del', 'dev', 'eth0', 'root']]);
  });

  test.each([
    ['qdisc eth0 :1 limit', MQ, 'made by the kernel'],
    ['qdisc eth0 root limit', HTB, 'cannot be changed by itself'],
    ['qdisc eth0 1:99 limit', HTB, 'There is no queueing discipline'],
    ['qdisc eth0 root limit', 'qdisc noqueue 0: root refcnt 2 \n', 'cannot be changed by itself'],
    ['qdisc eth0 root limit', 'garbage', 'There is no queueing discipline'],
  ])('%s is refused where it cannot be changed', (address, text, why) => {
    const understood = at(address).understand([text]);
    expect('text' in understood ? understood.text : '').toContain(why);
  });

  test('a listing that names the device, as older ones may, is read too', () => {
    expect(current('qdisc eth0 root limit', 'qdisc pfifo 8001: dev eth0 root refcnt 2 limit 1000p\n').value).toBe('1000');
    expect(current('qdisc parent 1:10 limit', HTB).value).toBe('5');
  });
});

describe('rule', () => {
  const NFT = (rule: string): string => `table inet filter {\n\tchain in { # handle 1\n\t\ttype filter hook input priority filter; policy accept;\n\t\t${rule} # handle 12\n\t}\n}\n`;
  const address = 'rule nft inet filter in #12';
  const off = (rule: string): string | undefined => {
    const [act] = at(address).sets('off', current(address, NFT(rule)));
    return act?.kind === 'run' ? act.stdin : undefined;
  };

  test.each([
    ['tcp dport 9000 counter packets 5 bytes 300 drop', 'tcp dport 9000 counter packets 5 bytes 300'],
    ['tcp dport 9000 drop', 'tcp dport 9000 counter'],
    ['drop', 'counter'],
    ['udp dport 5 counter packets 0 bytes 0 drop comment "x y"', 'udp dport 5 counter packets 0 bytes 0 comment "x y"'],
    ['ip saddr @bad counter packets 1 bytes 2 reject with icmp type host-prohibited', 'ip saddr @bad counter packets 1 bytes 2'],
    ['counter packets 1 bytes 2 reject with tcp reset', 'counter packets 1 bytes 2'],
    ['counter packets 1 bytes 2 reject with icmpx port-unreachable', 'counter packets 1 bytes 2'],
    ['limit rate over 10/second burst 5 packets counter packets 0 bytes 0 drop', 'limit rate over 10/second burst 5 packets counter packets 0 bytes 0'],
    ['meta l4proto tcp queue flags bypass to 1-3', 'meta l4proto tcp counter'],
    ['tcp dport 1 log prefix "drop" drop', 'tcp dport 1 log prefix "drop" counter'],
  ])('nft: %s without its verdict', (rule, bare) => {
    expect(off(rule)).toBe(`replace rule inet filter in handle 12 ${bare}\n`);
    const before = current(address, NFT(rule));
    expect(before.value).toBe('on');
    expect(at(address).resets(before)).toMatchObject([{ argv: ['nft', '-f', '-'], stdin: `replace rule inet filter in handle 12 ${rule}\n` }]);
    expect(current(address, NFT(bare)).value).toBe('off');
  });

  test('a comment or log text that looks like a verdict is none', () => {
    expect(current(address, NFT('tcp dport 1 counter packets 0 bytes 0 comment "please drop"')).value).toBe('off');
    expect(current(address, NFT('tcp dport 1 accept')).value).toBe('off');
  });

  const IPT = (rule: string): string => `-A INPUT ${rule}\n`;
  test.each([
    ['-s 10.0.0.0/8 -p tcp -m tcp --dport 22 -j DROP', ['-s', '10.0.0.0/8', '-p', 'tcp', '-m', 'tcp', '--dport', '22']],
    ['-p udp -m comment --comment "a b \\"c\\"" -j REJECT --reject-with icmp-port-unreachable', ['-p', 'udp', '-m', 'comment', '--comment', 'a b "c"']],
    ['-i eth0 -j NFQUEUE --queue-num 1', ['-i', 'eth0']],
    ['-p tcp -m string --string "-j DROP" --algo bm -j DROP', ['-p', 'tcp', '-m', 'string', '--string', '-j DROP', '--algo', 'bm']],
  ])('iptables: %s without its target', (rule, words) => {
    const name = 'rule iptables filter INPUT 2';
    const before = current(name, IPT(rule));
    expect(before.value).toBe('on');
    expect(argvOf(at(name).sets('off', before))).toEqual([['iptables', '-w', '5', '-t', 'filter', '-R', 'INPUT', '2', ...words]]);
    expect(argvOf(at(name).resets(before))[0]?.slice(0, 8 + words.length)).toEqual(['iptables', '-w', '5', '-t', 'filter', '-R', 'INPUT', '2', ...words]);
  });
});

describe('route', () => {
  test('is taken away and put back as it was printed', () => {
    const address = 'route ipv4 main blackhole 198.51.100.0/24';
    const before = current(address, 'blackhole 198.51.100.0/24 proto static metric 5 \n');
    expect(argvOf(at(address).sets('absent', before))).toEqual([['ip', '-4', 'route', 'del', 'blackhole', '198.51.100.0/24', 'table', 'main']]);
    expect(argvOf(at(address).resets(before))).toEqual([['ip', '-4', 'route', 'replace', 'blackhole', '198.51.100.0/24', 'proto', 'static', 'metric', '5', 'table', 'main']]);
    expect(current(address, '\n').value).toBe('absent');
    expect(at(address).understand(['blackhole 198.51.100.0/24\nblackhole 198.51.100.0/24 metric 5\n'])).toHaveProperty('text');
    expect(at(address).check('present', current(address, ''))).toHaveProperty('text');
  });
});

describe('ethtool', () => {
  // ethtool 4.8 of CentOS 7, and 6.1 of Debian 12, which adds lines.
  const OLD_RING = 'Ring parameters for eth0:\nPre-set maximums:\nRX:\t\t4096\nRX Mini:\t0\nRX Jumbo:\t0\nTX:\t\t4096\nCurrent hardware settings:\nRX:\t\t512\nRX Mini:\t0\nRX Jumbo:\t0\nTX:\t\t256\n\n';
  const NEW_RING = 'Ring parameters for eth0:\nPre-set maximums:\nRX:\t\t\t8192\nRX Mini:\t\tn/a\nRX Jumbo:\t\tn/a\nTX:\t\t\t8192\nTX push buff len:\tn/a\nCurrent hardware settings:\nRX:\t\t\t1024\nRX Mini:\t\tn/a\nRX Jumbo:\t\tn/a\nTX:\t\t\t1024\nRX Buf Len:\t\tn/a\nCQE Size:\t\tn/a\nTX Push:\toff\nRX Push:\toff\nTX push buff len:\tn/a\nTCP data split:\tn/a\n';
  const CHANNELS = 'Channel parameters for eth0:\nPre-set maximums:\nRX:\t\tn/a\nTX:\t\tn/a\nOther:\t\t1\nCombined:\t8\nCurrent hardware settings:\nRX:\t\tn/a\nTX:\t\tn/a\nOther:\t\t1\nCombined:\t2\n';
  const FEATURES = 'Features for eth0:\nrx-checksumming: on\ntx-checksumming: on\n\ttx-checksum-ipv4: off [fixed]\n\ttx-checksum-ip-generic: on\ntcp-segmentation-offload: on\n\ttx-tcp-segmentation: on\nlarge-receive-offload: off [fixed]\ngeneric-receive-offload: on\nrx-gro-hw: off [requested on]\n';

  test.each([
    ['ethtool eth0 ring rx', OLD_RING, '512', 4096],
    ['ethtool eth0 ring tx', OLD_RING, '256', 4096],
    ['ethtool eth0 ring rx', NEW_RING, '1024', 8192],
    ['ethtool eth0 channels combined', CHANNELS, '2', 8],
  ])('%s is read with its maximum', (address, text, value, most) => {
    const before = current(address, text);
    expect(before).toMatchObject({ value, most });
    expect(at(address).check(String(most), before)).toBeUndefined();
    for (const bad of [String(most + 1), '0', '', '-1', '1; reboot']) expect(at(address).check(bad, before), bad).toHaveProperty('text');
  });

  test('features by their short names; what the driver keeps cannot be changed', () => {
    expect(current('ethtool eth0 feature tx', FEATURES).value).toBe('on');
    expect(current('ethtool eth0 feature gro', FEATURES).value).toBe('on');
    expect(at('ethtool eth0 feature lro').understand([FEATURES])).toMatchObject({ text: expect.stringContaining('cannot be changed') as string });
    expect(at('ethtool eth0 feature nothing').understand([FEATURES])).toHaveProperty('text');
    expect(at('ethtool eth0 ring rx').understand(['netlink error: Operation not supported\n'])).toHaveProperty('text');
    expect(argvOf(at('ethtool -x'.replace('-x', 'e$(x) feature tx')).sets('off', { value: 'on', state: 'on' }))).toEqual([['ethtool', '-K', 'e$(x)', 'tx', 'off']]);
  });
});

test('no text of a host makes a kind throw', () => {
  const addresses = ['sysctl net.core.somaxconn', 'link eth0 mtu', 'link eth0 state', 'qdisc eth0 root limit', 'rule nft inet f in #3', 'rule iptables filter INPUT 1', 'route ipv4 main blackhole 10.0.0.0/8', 'ethtool eth0 ring rx', 'ethtool eth0 feature tx'];
  fc.assert(
    fc.property(fc.constantFrom(...addresses), fc.string({ unit: 'binary', maxLength: 200 }), (address, text) => {
      const kind = at(address);
      const before = kind.understand([text]);
      if ('text' in before) return;
      for (const value of ['1', 'on', 'off', 'absent', text]) if (kind.check(value, before) === undefined) kind.sets(value, before);
      kind.resets(before);
    }),
    { numRuns: 2_000 },
  );
});
