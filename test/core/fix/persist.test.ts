import { describe, expect, it } from 'vitest';
import { candidatesFor, wantedFor, type Candidates } from '../../../src/core/fix/persist/candidates.js';
import type { Candidate, HostFacts, Kept, LinkFacts } from '../../../src/core/fix/persist/types.js';
import type { RuleName, Setting } from '../../../src/core/fix/types.js';
import { english } from '../../../src/core/message.js';

const author = { change: '1f3a9c2e', title: 'Raise the ceiling', date: '2026-11-22' };

interface Host {
  readonly files?: Readonly<Record<string, string | null>>;
  /** Where a link leads. */
  readonly links?: Readonly<Record<string, string>>;
  readonly present?: readonly string[];
  readonly readOnly?: readonly string[];
  readonly devices?: Readonly<Record<string, Partial<LinkFacts>>>;
}

function host({ files = {}, links = {}, present = ['/run/systemd/system'], readOnly = [], devices = {} }: Host): HostFacts {
  const folders = ['/etc', '/etc/sysctl.d', '/etc/systemd/network', '/etc/udev/rules.d', '/etc/netplan', '/etc/network', '/etc/network/interfaces.d', '/etc/NetworkManager/system-connections', '/etc/sysconfig', '/etc/sysconfig/network-scripts', '/etc/nftables.d', '/etc/iptables'];
  return {
    files: new Map(Object.entries(files).map(([path, text]) => [path, { path, real: links[path] ?? path, text }])),
    present: new Set(present),
    writable: new Set(folders.filter((folder) => !readOnly.includes(folder))),
    programs: new Map([['tc', '/usr/sbin/tc'], ['ethtool', '/usr/sbin/ethtool'], ['ip', '/usr/sbin/ip']]),
    links: new Map(Object.entries(devices).map(([dev, link]) => [dev, { networkFile: undefined, connection: undefined, ...link }])),
  };
}

const sysctl = (name: string, before: string, value: string, state = value, index: number | null = null): Kept => {
  const path = name.includes('/') ? name : name.replaceAll('.', '/');
  return { setting: { kind: 'sysctl', path, index }, name: index === null ? name : `${name}[${index}]`, before: { value: before, state: before }, value, state };
};
const link = (dev: string, attribute: 'mtu' | 'txqueuelen' | 'state', value: string): Kept => ({ setting: { kind: 'link', dev, attribute }, name: `${attribute} of ${dev}`, before: { value: '1500', state: '1500' }, value, state: value });

function offered(result: Candidates): readonly Candidate[] {
  if (result.kind === 'refused') throw new Error(english(result.why));
  return result.candidates;
}
const first = (settings: readonly Kept[], facts: HostFacts): Candidate => {
  const [candidate] = offered(candidatesFor(settings, facts, author));
  if (candidate === undefined) throw new Error('nothing was offered');
  return candidate;
};
const why = (settings: readonly Kept[], facts: HostFacts): string => {
  const result = candidatesFor(settings, facts, author);
  if (result.kind !== 'refused') throw new Error(JSON.stringify(result));
  return english(result.why);
};
const notesOf = ({ notes }: Candidate): string => notes.map(english).join('\n');
/** A second time nothing is to be done: the file keeps it. */
function isKept(settings: readonly Kept[], facts: HostFacts, { path, after }: Candidate): void {
  const files = new Map([...facts.files, [path, { path, real: path, text: after }]]);
  expect(candidatesFor(settings, { ...facts, files }, author)).toMatchObject({ kind: 'refused' });
}
/** Everything that was there is there, in its order, but for these lines. */
function onlyAdds({ before, after }: Candidate, gone: readonly string[] = []): readonly string[] {
  const old = (before ?? '').split('\n').filter((line) => !gone.includes(line));
  const added: string[] = [];
  let at = 0;
  for (const line of after.split('\n')) {
    if (line === old[at]) at += 1;
    else added.push(line);
  }
  expect(at).toBe(old.length);
  return added.filter((line) => !line.trim().startsWith('# Droplens 1f3a9c2e'));
}

describe('a sysctl', () => {
  const SOMAXCONN = sysctl('net.core.somaxconn', '128', '4096');

  it('goes into a file of ours that is read last', () => {
    const facts = host({ files: { '/usr/lib/sysctl.d/50-default.conf': 'net.core.somaxconn = 1024\n' } });
    const candidate = first([SOMAXCONN], facts);
    expect(candidate).toMatchObject({ means: 'sysctl.d', path: '/etc/sysctl.d/99-zz-droplens.conf', before: null });
    expect(candidate.after).toBe('# Droplens 1f3a9c2e (2026-11-22): Raise the ceiling. net.core.somaxconn: 128 -> 4096\nnet.core.somaxconn = 4096\n');
    expect(notesOf(candidate)).toContain('/usr/lib/sysctl.d/50-default.conf sets it to 1024; this file is read later and wins.');
    isKept([SOMAXCONN], facts, candidate);
  });

  it('of which one number was changed has all its numbers', () => {
    const candidate = first([sysctl('net.ipv4.tcp_rmem', '16384', '4194304', '4096 131072 4194304', 2)], host({}));
    expect(candidate.after).toContain('\nnet.ipv4.tcp_rmem = 4096 131072 4194304\n');
  });

  it('of an interface with a dot in its name has slashes', () => {
    const candidate = first([sysctl('net/ipv4/conf/eth0.100/rp_filter', '1', '2')], host({}));
    expect(candidate.after).toContain('\nnet/ipv4/conf/eth0.100/rp_filter = 2\n');
    expect(notesOf(candidate)).toContain('It is set when eth0.100 appears');
  });

  it('stays where the host’s people keep it', () => {
    const text = '# ours\nnet/core/somaxconn=256\n  net.core.somaxconn =  512  \n; end';
    const facts = host({ files: { '/etc/sysctl.d/60-net.conf': text } });
    const [theirs, ours] = offered(candidatesFor([SOMAXCONN], facts, author));
    expect(theirs).toMatchObject({ path: '/etc/sysctl.d/60-net.conf', before: text });
    expect(theirs?.after).toBe('# ours\nnet/core/somaxconn=256\n# Droplens 1f3a9c2e (2026-11-22): Raise the ceiling. net.core.somaxconn: 128 -> 4096\nnet.core.somaxconn = 4096\n; end');
    expect(ours?.path).toBe('/etc/sysctl.d/99-zz-droplens.conf');
  });

  it('keeps the line ends of a file from elsewhere', () => {
    const candidate = first([SOMAXCONN], host({ files: { '/etc/sysctl.d/60-net.conf': 'a.b = 1\r\nnet.core.somaxconn = 9\r\n' } }));
    expect(candidate.after).toMatch(/^a\.b = 1\r\n# Droplens [^\r\n]*\r\nnet\.core\.somaxconn = 4096\r\n$/);
  });

  it('in /etc/sysctl.conf is changed there, where that is read', () => {
    const files = { '/etc/sysctl.conf': 'net.core.somaxconn = 256\n', '/etc/sysctl.d/99-sysctl.conf': 'net.core.somaxconn = 256\n' };
    const debian = first([SOMAXCONN], host({ files, links: { '/etc/sysctl.d/99-sysctl.conf': '/etc/sysctl.conf' } }));
    expect(debian).toMatchObject({ path: '/etc/sysctl.conf' });
    const arch = first([SOMAXCONN], host({ files: { '/etc/sysctl.conf': 'net.core.somaxconn = 256\n' } }));
    expect(arch.path).toBe('/etc/sysctl.d/99-zz-droplens.conf');
    expect(notesOf(arch)).toContain('“sysctl --system” reads that file last');
    const alpine = first([SOMAXCONN], host({ files: { '/etc/sysctl.conf': 'net.core.somaxconn = 256\n' }, present: ['/run/openrc', '/etc/runlevels/boot/sysctl'] }));
    expect(alpine.path).toBe('/etc/sysctl.conf');
    expect(notesOf(alpine)).toContain('The service sysctl of OpenRC loads it');
  });

  it('is not kept twice, nor in a file that others overrule', () => {
    expect(why([SOMAXCONN], host({ files: { '/etc/sysctl.d/zz.conf': '-net.core.somaxconn=4096\n' } }))).toBe('/etc/sysctl.d/zz.conf sets net.core.somaxconn to 4096 already.');
    expect(first([SOMAXCONN], host({ files: { '/usr/lib/sysctl.d/99-zzz.conf': 'net.core.somaxconn = 1' } })).path).toBe('/etc/sysctl.d/zz-droplens.conf');
    expect(why([SOMAXCONN], host({ files: { '/run/sysctl.d/zzzzz.conf': 'net.core.somaxconn = 1' } }))).toContain('is read after any file that could be added');
    // A file of the same name in /etc takes the place of the one in /usr/lib.
    expect(first([SOMAXCONN], host({ files: { '/usr/lib/sysctl.d/zzzzz.conf': 'net.core.somaxconn = 1', '/etc/sysctl.d/zzzzz.conf': '' } })).path).toBe('/etc/sysctl.d/99-zz-droplens.conf');
  });

  it('knows that two of one change belong together, and patterns', () => {
    const facts = host({ files: { '/etc/sysctl.d/zzzzz.conf': 'net.ipv4.conf.*.rp_filter = 1\n' } });
    expect(why([sysctl('net.ipv4.conf.eth0.rp_filter', '1', '2')], facts)).toContain('is read after any file');
    const both = first([SOMAXCONN, sysctl('net.netfilter.nf_conntrack_max', '10', '20')], host({}));
    expect(both.after.split('\n').filter((line) => !line.startsWith('#'))).toEqual(['net.core.somaxconn = 4096', 'net.netfilter.nf_conntrack_max = 20', '']);
    expect(notesOf(both)).toContain('module nf_conntrack is loaded');
  });

  it('is refused where it would not last', () => {
    expect(why([SOMAXCONN], host({ readOnly: ['/etc/sysctl.d'] }))).toBe('/etc/sysctl.d cannot be written: it is read-only.');
    expect(why([SOMAXCONN], host({ present: ['/etc/NIXOS'] }))).toContain('NixOS');
    expect(why([sysctl('net/ipv4/conf/a=b/rp_filter', '1', '2')], host({}))).toContain('cannot be written into a sysctl.d file');
    expect(notesOf(first([SOMAXCONN], host({ present: ['/.dockerenv'] })))).toContain('This host is a container');
  });

  it('has one line in its comment, whatever stands in the title', () => {
    const result = offered(candidatesFor([SOMAXCONN], host({}), { ...author, title: 'a\nkernel.panic = 1\r\u2028b' }))[0];
    expect(result?.after.split('\n')).toHaveLength(3);
  });
});

describe('an mtu', () => {
  const MTU = link('eth0', 'mtu', '1400');

  it('goes beside the file that systemd-networkd applied', () => {
    const facts = host({ files: { '/etc/systemd/network/20-wired.network': '[Match]\nName=eth0\n' }, devices: { eth0: { networkFile: '/etc/systemd/network/20-wired.network' } } });
    const candidate = first([MTU], facts);
    expect(candidate).toMatchObject({ means: 'systemd-networkd', path: '/etc/systemd/network/20-wired.network.d/50-droplens.conf' });
    expect(onlyAdds(candidate)).toEqual(['[Link]', 'MTUBytes=1400']);
    expect(notesOf(candidate)).not.toContain('every interface');
    isKept([MTU], facts, candidate);
    const twice = first([link('eth0', 'mtu', '1300')], host({ files: { [candidate.path]: candidate.after }, devices: { eth0: { networkFile: '/etc/systemd/network/20-wired.network' } } }));
    expect(twice.after.match(/MTUBytes/g)).toHaveLength(1);
    expect(twice.after).toContain('[Link]\nMTUBytes=1300\n');
  });

  it('goes into the file of NetworkManager’s connection, if that holds no secrets', () => {
    const path = '/etc/NetworkManager/system-connections/Wired.nmconnection';
    const text = '[connection]\nid=Wired\nuuid=u\ntype=ethernet\n\n[ethernet]\nmac-address=52:54:00:12:34:56\n\n[ipv4]\nmethod=auto\n';
    const devices = { eth0: { connection: { uuid: 'u', path } } };
    const candidate = first([MTU], host({ files: { [path]: text }, devices }));
    expect(onlyAdds(candidate)).toEqual(['mtu=1400']);
    expect(candidate.after).toMatch(/\[ethernet\]\n# Droplens .*\nmtu=1400\nmac-address/);
    const other = first([MTU], host({ files: { [path]: text.replace('mac-address=52:54:00:12:34:56', 'mtu=9000') }, devices }));
    expect(onlyAdds(other, ['mtu=9000'])).toEqual(['mtu=1400']);
    const without = first([MTU], host({ files: { [path]: '[connection]\ntype=ethernet\n' }, devices }));
    expect(without.after).toMatch(/\n\[ethernet\]\nmtu=1400\n$/);
    const secret = candidatesFor([MTU], host({ files: { [path]: null }, devices }), author);
    expect(secret.kind === 'refused' && secret.how && english(secret.how)).toBe('nmcli connection modify u ethernet.mtu 1400');
  });

  it('goes into the ifcfg file of older distributions', () => {
    const path = '/etc/sysconfig/network-scripts/ifcfg-eth0';
    const candidate = first([MTU], host({ files: { [path]: 'DEVICE=eth0\nUUID="u"\nMTU=9000\nONBOOT=yes\n' }, devices: { eth0: { connection: { uuid: 'u', path } } } }));
    expect(onlyAdds(candidate, ['MTU=9000'])).toEqual(['MTU=1400']);
  });

  it('goes into the stanza of ifupdown', () => {
    const path = '/etc/network/interfaces';
    const text = 'source /etc/network/interfaces.d/*\n\nauto lo\niface lo inet loopback\n\nallow-hotplug eth0\niface eth0 inet static\n\taddress 192.0.2.7/24\n# tail\nauto eth00\niface eth00 inet static\n\tmtu 9000\n';
    const candidate = first([MTU], host({ files: { [path]: text } }));
    expect(candidate.means).toBe('ifupdown');
    expect(onlyAdds(candidate)).toEqual(['    mtu 1400']);
    expect(candidate.after).toMatch(/iface eth0 inet static\n.*\n {4}mtu 1400\n\taddress/);
    isKept([MTU], host({ files: { [path]: text } }), candidate);
    const dhcp = first([MTU], host({ files: { [path]: 'auto eth0\niface eth0 inet dhcp' } }));
    expect(dhcp.after).toMatch(/^auto eth0\niface eth0 inet dhcp\n.*\n {4}up ip link set dev eth0 mtu 1400$/);
    const there = first([link('eth00', 'mtu', '1400')], host({ files: { [path]: text } }));
    expect(onlyAdds(there, ['\tmtu 9000'])).toEqual(['    mtu 1400']);
    const continued = first([MTU], host({ files: { [path]: 'iface eth0 inet \\\n static\n address 192.0.2.7/24\n' } }));
    expect(continued.after.split('\n').slice(0, 2)).toEqual(['iface eth0 inet \\', ' static']);
  });

  it('goes into a file of its own beside netplan’s', () => {
    const devices = { eth0: { networkFile: '/run/systemd/network/10-netplan-lan.network' } };
    const yaml = 'network:\n  version: 2\n  ethernets:\n    lan:\n      match: {macaddress: "52:54:00:12:34:56"}\n      set-name: eth0\n  vlans:\n    lan.7: {id: 7, link: lan}\n';
    const facts = host({ files: { '/etc/netplan/50-cloud-init.yaml': yaml }, devices });
    const candidate = first([MTU], facts);
    expect(candidate).toMatchObject({ means: 'netplan', path: '/etc/netplan/99-zz-droplens-lan.yaml', before: null });
    expect(onlyAdds(candidate)).toEqual(['network:', '  version: 2', '  ethernets:', '    lan:', '      mtu: 1400']);
    isKept([MTU], facts, candidate);
    expect(why([MTU], host({ files: { '/etc/netplan/a.yaml': 'network: {ethernets: {lan: {}}}' }, devices }))).toContain('netplan, whose definition of it could not be found');
  });

  it('is set by udev where nobody configures the interface', () => {
    const facts = host({ present: ['/run/udev'] });
    const candidate = first([MTU], facts);
    expect(candidate).toMatchObject({ means: 'udev', path: '/etc/udev/rules.d/99-droplens.rules' });
    expect(onlyAdds(candidate)).toEqual(['ACTION=="add|move", SUBSYSTEM=="net", KERNEL=="eth0", ATTR{mtu}="1400"']);
    isKept([MTU], facts, candidate);
    expect(why([MTU], host({ present: [] }))).toContain('No program was found on this host that configures eth0');
    expect(why([link('$(reboot)', 'mtu', '1400')], facts)).toContain('means something else');
  });

  it('leaves to people whether an interface is up', () => {
    expect(why([link('eth0', 'state', 'up')], host({ devices: { eth0: { networkFile: '/etc/systemd/network/a.network' } } }))).toContain('is decided by systemd-networkd');
  });
});

describe('queues and drivers', () => {
  const qdisc = (state: string, parent = 'root'): Kept => ({ setting: { kind: 'qdisc', dev: 'eth0', parent, option: 'limit' }, name: 'limit of qdisc', before: { value: '100', state: 'fq 0: 100' }, value: '5000', state });

  it('keep a length and a limit, by what the host has', () => {
    const udev = host({ present: ['/run/udev'] });
    expect(onlyAdds(first([link('eth0', 'txqueuelen', '1000')], udev))[0]).toContain('ATTR{tx_queue_len}="1000"');
    expect(onlyAdds(first([qdisc('fq 8001: 5000')], udev))[0]).toContain('RUN+="/usr/sbin/tc qdisc replace dev eth0 root fq limit 5000"');
    const networkd = host({ present: ['/run/udev'], devices: { eth0: { networkFile: '/etc/systemd/network/a.network' } } });
    expect(onlyAdds(first([qdisc('fq_codel 8001: 5000')], networkd))).toEqual(['[FairQueueingControlledDelay]', 'Parent=root', 'PacketLimit=5000']);
    expect(first([qdisc('sfq 8001: 5000')], networkd).means).toBe('udev');
    expect(why([qdisc('pfifo 10: 5000', '1:10')], udev)).toContain('belongs to a tree');
  });

  it('keep what ethtool set, one line for each', () => {
    const ring: Kept = { setting: { kind: 'ethtool', dev: 'eth0', group: 'ring', name: 'rx' }, name: 'ring rx of eth0', before: { value: '256', state: '256 4096' }, value: '4096', state: '4096 4096' };
    const lro: Kept = { setting: { kind: 'ethtool', dev: 'eth0', group: 'feature', name: 'lro' }, name: 'feature lro of eth0', before: { value: 'on', state: 'on' }, value: 'off', state: 'off' };
    const candidate = first([ring, lro], host({ present: ['/run/udev'] }));
    expect(onlyAdds(candidate).map((line) => /RUN.*/.exec(line)?.[0])).toEqual(['RUN+="/usr/sbin/ethtool -G eth0 rx 4096"', 'RUN+="/usr/sbin/ethtool -K eth0 lro off"']);
  });
});

describe('a rule', () => {
  const nft: RuleName = { backend: 'nft', family: 'inet', table: 'filter', chain: 'input', handle: 7 };
  const rule = (name: RuleName, before: string, state: string): Kept => ({ setting: { kind: 'rule', rule: name } as Setting, name: 'rule', before: { value: 'on', state: before }, value: 'off', state });
  const kept = rule(nft, 'tcp dport 25 counter packets 31 bytes 9 drop', 'tcp dport 25 counter packets 0 bytes 0');

  it('is changed where nftables loads it, and in no other chain', () => {
    const text = 'table inet filter {\n  set s { type ipv4_addr; elements = { 192.0.2.1 } }\n  chain output {\n    tcp dport 25 counter drop\n  }\n  chain input {\n    type filter hook input priority 0;\n    ip saddr { 192.0.2.1, 192.0.2.2 } accept\n    # tcp dport 25 counter drop\n    tcp dport 25   counter drop\n  }\n}\ntable ip filter {\n  chain input {\n    tcp dport 25 counter drop\n  }\n}\n';
    const candidate = first([kept], host({ files: { '/etc/nftables.conf': text } }));
    expect(candidate.means).toBe('nftables');
    expect(onlyAdds(candidate, ['    tcp dport 25   counter drop'])).toEqual(['    tcp dport 25 counter']);
  });

  it('is found in files that are included, and in no others', () => {
    const body = 'add rule inet filter input tcp dport 25 counter drop\n';
    const files = { '/etc/nftables.conf': 'include "/etc/nftables.d/*.nft"\n', '/etc/nftables.d/mail.nft': body };
    expect(first([kept], host({ files }))).toMatchObject({ path: '/etc/nftables.d/mail.nft', after: expect.stringContaining('\nadd rule inet filter input tcp dport 25 counter\n') as unknown });
    expect(why([kept], host({ files: { ...files, '/etc/nftables.conf': '' } }))).toContain('No file was found');
  });

  it('is changed in what iptables-restore loads', () => {
    const saved = '*nat\n-A INPUT -p tcp -m tcp --dport 25 -j DROP\nCOMMIT\n*filter\n:INPUT ACCEPT [0:0]\n[3:180] -A INPUT -p tcp -m tcp --dport 25 -j DROP\nCOMMIT\n';
    const name: RuleName = { backend: 'iptables', table: 'filter', chain: 'INPUT', position: 1 };
    const candidate = first([rule(name, '-p tcp -m tcp --dport 25 -j DROP', '-p tcp -m tcp --dport 25')], host({ files: { '/etc/iptables/rules.v4': saved } }));
    expect(onlyAdds(candidate, ['[3:180] -A INPUT -p tcp -m tcp --dport 25 -j DROP'])).toEqual(['-A INPUT -p tcp -m tcp --dport 25']);
  });

  it('of which there are two, or that a program makes, is refused', () => {
    const twice = 'table inet filter {\nchain input {\ntcp dport 25 counter drop\ntcp dport 25 counter drop\n}\n}\n';
    expect(why([kept], host({ files: { '/etc/nftables.conf': twice } }))).toContain('more than once');
    expect(why([rule({ backend: 'iptables', table: 'filter', chain: 'DOCKER', position: 1 }, 'x', 'y')], host({}))).toContain('made by Docker');
    expect(why([rule({ ...nft, table: 'firewalld' }, 'x', 'y')], host({}))).toContain('made by firewalld');
  });
});

describe('a route that was taken away', () => {
  const route: Kept = { setting: { kind: 'route', family: 4, table: 'main', type: 'blackhole', destination: '198.51.100.0/24' }, name: 'route', before: { value: 'present', state: 'blackhole 198.51.100.0/24' }, value: 'absent', state: '' };

  it('is commented out where it stands', () => {
    const interfaces = first([route], host({ files: { '/etc/network/interfaces': 'iface lo inet loopback\n  post-up ip route add blackhole 198.51.100.0/24 || true\n' } }));
    expect(onlyAdds(interfaces, ['  post-up ip route add blackhole 198.51.100.0/24 || true'])).toEqual(['#   post-up ip route add blackhole 198.51.100.0/24 || true']);
    const path = '/etc/systemd/network/a.network';
    const networkd = first([route], host({ files: { [path]: '[Route]\nDestination=10.0.0.0/8\n\n[Route]\nDestination=198.51.100.0/24\nType=blackhole\n\n[DHCPv4]\n' } }));
    expect(networkd.after).toMatch(/^\[Route\]\nDestination=10\.0\.0\.0\/8\n\n# Droplens .*\n# \[Route\]\n# Destination=198\.51\.100\.0\/24\n# Type=blackhole\n\n\[DHCPv4\]\n$/);
    expect(why([route], host({ files: { [path]: '[Route]\nDestination=198.51.100.0/24\n' } }))).toContain('No file was found that adds the route');
  });
});

it('asks the host for no more than the settings need', () => {
  const wanted = wantedFor([{ kind: 'sysctl', path: 'net/core/somaxconn', index: null }]);
  expect(wanted.links).toEqual([]);
  expect(wanted.folders.every(({ path }) => path.endsWith('sysctl.d'))).toBe(true);
  expect(wantedFor([{ kind: 'link', dev: 'eth0', attribute: 'mtu' }]).links).toEqual(['eth0']);
});
