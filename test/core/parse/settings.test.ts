import { describe, expect, it } from 'vitest';
import { parseQueues } from '../../../src/core/parse/limits.js';
import { SOURCES } from '../../../src/core/sources.js';
import { parse, parseFixture, plain, rowOf } from './fixtures.js';

describe('routes and rules that refuse packets', () => {
  it('reads both families, tables and rules', () => {
    const facts = parseFixture('linux-6.18/router', 'routes');
    expect(facts.problems).toEqual([]);
    expect(facts.rows.map((row) => row.key)).toEqual([
      'ipv4 rule 32765', 'ipv4 prohibit 10.2.0.0/16 table 55', 'ipv4 blackhole 10.1.0.0/16', 'ipv6 unreachable 2001:db8::/32',
    ]);
    expect(plain(rowOf(facts, 'route', 'ipv4 blackhole 10.1.0.0/16').labels)).toEqual({
      family: 'ipv4', type: 'blackhole', destination: '10.1.0.0/16', table: 'main', proto: 'boot', maker: 'person',
    });
    expect(plain(facts.gauges)).toEqual({ 'routes.listed': 1, 'routes.left_out': 0 });
  });

  it('knows the routes of daemons, and the kernel’s own end of the IPv6 table', () => {
    const facts = parse('routes', 'ipv4 blackhole 10.42.1.0/26 proto bird\nipv6 unreachable default dev lo proto kernel metric 4294967295 error -101 pref medium\ndroplens-refusing 0\n');
    expect(facts.problems).toEqual([]);
    expect(facts.rows.map((row) => [row.key, row.labels.get('maker')])).toEqual([['ipv4 blackhole 10.42.1.0/26', 'daemon']]);
  });

  it('does not take an interface for an action', () => {
    expect(parse('routes', 'ipv4 100:\tfrom all iif prohibit lookup 7\ndroplens-refusing 0\n').rows).toEqual([]);
    expect(parse('routes', 'ipv4 100:\tfrom all iif prohibit blackhole\ndroplens-refusing 0\n').rows[0]?.labels.get('type')).toBe('blackhole');
  });

  it('tells a table that is too large, and one that could not be listed', () => {
    expect(parse('routes', 'droplens-refusing many\n').gauges.get('routes.listed')).toBe(0);
    expect(parse('routes', '').problems).toHaveLength(1);
  });
});

describe('neighbours', () => {
  it('reads failed, incomplete and static ones of both families', () => {
    const facts = parseFixture('linux-6.18/router', 'neighbours');
    expect(facts.problems).toEqual([]);
    const fixed = rowOf(facts, 'neighbour', '10.99.0.7 v1');
    expect(plain(fixed.labels)).toEqual({ family: 'ipv4', address: '10.99.0.7', dev: 'v1', state: 'PERMANENT', lladdr: '02:00:00:00:00:07', learned: 'own' });
    expect(fixed.gauges.get('failing')).toBe(0);
    const failed = rowOf(facts, 'neighbour', '10.99.0.9 v1');
    expect(failed.gauges.get('failing')).toBe(1);
    expect(failed.gauges.get('used')).toBeTypeOf('number');
    expect(rowOf(facts, 'neighbour', 'fe80::77 v1').labels.get('family')).toBe('ipv6');
    expect(facts.gauges.get('neighbours.ipv4')).toBeGreaterThanOrEqual(2);
  });

  it('marks those of a controller', () => {
    const facts = parse('neighbours', '10.244.1.0 dev flannel.1 lladdr 6e:1f:00:00:00:01 used 4/9/4 probes 0 extern_learn  PERMANENT\ndroplens-neighbours 1 0 0\n');
    expect(rowOf(facts, 'neighbour', '10.244.1.0 flannel.1').labels.get('learned')).toBe('extern');
    expect(rowOf(facts, 'neighbour', '10.244.1.0 flannel.1').gauges.get('used')).toBe(4);
  });
});

describe('settings of interfaces', () => {
  it('keeps those of the host apart, and names that look like commands', () => {
    const facts = parseFixture('linux-6.18/router', 'link_conf');
    expect(facts.problems).toEqual([]);
    expect(facts.gauges.get('conf.ipv4.all.arp_ignore')).toBe(0);
    expect(rowOf(facts, 'interface', 'a$(reboot)').gauges.get('ipv4_rp_filter')).toBe(0);
    expect(rowOf(facts, 'interface', 'v1').gauges.get('ipv6_disable_ipv6')).toBe(0);
    expect(facts.rows.some((row) => row.key === 'all' || row.key === 'default')).toBe(false);
  });
});

describe('CPU time', () => {
  it('adds up the ticks of each CPU', () => {
    const facts = parse('proc_stat', 'cpu  9 9 9 9 9 9 9 9 9 9\ncpu0 10 1 20 100 5 2 7 3 4 0\nintr 5 1 2\nctxt 7\n');
    expect(facts.problems).toEqual([]);
    expect(plain(rowOf(facts, 'cpu', '0').counters)).toEqual({ idle_ticks: 100, softirq_ticks: 7, steal_ticks: 3, cpu_ticks: 148 });
    expect(parseFixture('linux-6.18/host', 'proc_stat').rows).toHaveLength(2);
  });

  it('reads the throttling of a control group', () => {
    expect(parseFixture('linux-6.12-debian-13/ns', 'cgroup_cpu').counters.get('cgroup.nr_throttled')).toBe(311);
  });
});

describe('limits', () => {
  it('reads open files of the host and of programs', () => {
    expect(plain(parse('file_nr', '2177\t0\t2466183\n').gauges)).toEqual({ 'files.open': 2177, 'files.max': 2466183 });
    const facts = parse('process_files', '8467 16 17 my server\n8379 20000 - python3\ndroplens-processes 3\n');
    expect(facts.problems).toEqual([]);
    expect(plain(rowOf(facts, 'process', '8467').gauges)).toEqual({ fd_limit: 16, fds: 17 });
    expect(rowOf(facts, 'process', '8467').labels.get('process')).toBe('my server');
    expect(plain(rowOf(facts, 'process', '8379').gauges)).toEqual({ fd_limit: 20000 });
    expect(facts.gauges.get('processes.left_out')).toBe(3);
  });

  it('reads the busiest destination', () => {
    const facts = parse('ports', '7 10.0.0.1 10.0.0.2:443\n9 [fd00::1] [fd00::2]:443\ndroplens-ports 10\n');
    expect(plain(facts.gauges)).toEqual({ 'ports.size': 10, 'ports.used': 9 });
    expect(facts.texts.get('ports.peer')).toBe('[fd00::2]:443');
    expect(plain(parse('ports', 'droplens-ports few\n').gauges)).toEqual({ 'ports.used': 0 });
  });

  it('counts connections that wait to be closed or answered', () => {
    const facts = parse('tcp_states', 'close-wait 6 127.0.0.1:9000\nclose-wait 2 [::1]:9000\nclose-wait 3 *:*\nsyn-sent 2 10.0.0.9:81\nsyn-sent 7 *:*\n');
    expect(facts.problems).toEqual([]);
    expect(plain(facts.gauges)).toEqual({ 'closewait.count': 11, 'synsent.count': 9 });
    expect(facts.texts.get('synsent.peer')).toBe('10.0.0.9:81');
    expect(rowOf(facts, 'halfclosed', '9000').gauges.get('count')).toBe(8);
  });

  it('reads netfilter queues', () => {
    // nfnetlink_queue.c, seq_show: "%5u %6u %5u %1u %5u %5u %5u %8u %2d".
    const facts = parseQueues('nfqueue     7   3121    12 2  1024    44     5       61  1\nnfqueue x\n');
    expect(facts.problems).toHaveLength(1);
    expect(plain(rowOf(facts, 'nfqueue', '7').counters)).toEqual({ queue_dropped: 44, user_dropped: 5 });
  });

  it('reads captures', () => {
    const facts = parse('captures', 'p_raw 3328   0                  *:v1               *     skmem:(r3328,rb4608,t0,tb212992,f0,w0,o0,bl0,d9)\np_dgr 0 0 *:a$(reboot) *\n');
    expect(facts.problems).toEqual([]);
    expect(rowOf(facts, 'capture', 'v1').counters.get('drops')).toBe(9);
    expect(rowOf(facts, 'capture', 'a$(reboot)').counters.has('drops')).toBe(false);
    expect(parseFixture('linux-6.18/router', 'captures').rows).toHaveLength(1);
  });
});

describe('bridges, bonds and overlays', () => {
  it('tells the state of a bridge port', () => {
    const facts = parseFixture('linux-6.18/router', 'ip_link');
    expect(facts.problems).toEqual([]);
    expect(rowOf(facts, 'interface', 'p1').labels.get('port_state')).toBe('forwarding');
    expect(rowOf(facts, 'interface', 'p1').labels.get('isolated')).toBe('on');
    expect(rowOf(facts, 'interface', 'p1').labels.get('link')).toBe('p2');
    expect(rowOf(facts, 'interface', 'br0').labels.get('vlan_filtering')).toBe('0');
    expect(rowOf(facts, 'interface', 'vx0').labels.get('vni')).toBe('42');
  });

  it('tells the state of a bond and its members', () => {
    const facts = parse(
      'ip_link',
      JSON.stringify([
        { ifname: 'bond0', linkinfo: { info_kind: 'bond', info_data: { mode: '802.3ad', ad_info: { partner_mac: '00:00:00:00:00:00' } } } },
        { ifname: 'eth1', master: 'bond0', linkinfo: { info_slave_kind: 'bond', info_slave_data: { state: 'BACKUP', mii_status: 'DOWN', link_failure_count: 4 } } },
      ]),
    );
    expect(facts.problems).toEqual([]);
    expect(rowOf(facts, 'interface', 'bond0').labels.get('lacp_partner')).toBe('00:00:00:00:00:00');
    expect(rowOf(facts, 'interface', 'eth1').labels.get('bond_mii')).toBe('DOWN');
    expect(rowOf(facts, 'interface', 'eth1').counters.get('bond_link_failures')).toBe(4);
  });
});

describe('scripts of the slow sources', () => {
  it('hold nothing that a host named, and are bounded', () => {
    for (const source of SOURCES) {
      if (source.reader.kind !== 'command') continue;
      expect(source.reader.script, source.id).not.toMatch(/\beval\b|`/);
    }
  });
});

describe('IPv6 tables and memory', () => {
  it('tells an address that somebody else has', () => {
    const facts = parseFixture('linux-6.18/router', 'if_inet6');
    expect(facts.problems).toEqual([]);
    expect(plain(rowOf(facts, 'interface', 'v2').gauges)).toEqual({ ipv6_addresses: 2, ipv6_dadfailed: 1 });
  });

  it('counts routes', () => {
    expect(plain(parse('rt6_stats', '0009 0006 0020 0007 0000 0011 0000\n').gauges)).toEqual({ 'rt6.entries': 7, 'rt6.dst_entries': 17 });
  });

  it('adds the zones of memory', () => {
    const facts = parse('vmstat', 'nr_free_pages 5\nallocstall_dma 1\nallocstall_normal 2\noom_kill 3\n');
    expect(plain(facts.counters)).toEqual({ 'vmstat.allocstall': 3, 'vmstat.oom_kill': 3 });
    expect(parseFixture('linux-6.18/host', 'vmstat').counters.has('vmstat.oom_kill')).toBe(true);
  });
});
