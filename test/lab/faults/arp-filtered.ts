import type { Fault } from '../fault.js';

const fault: Fault = {
  id: 'arp-filtered',
  title: 'a rule that drops what asks for this host by ARP',
  alone: 'the trace of drops sees the whole machine',
  tier: 1,
  expected: [{ cause: 'nf-arp-drop', layer: 'netfilter', direction: 'rx' }],
  severity: 'loss',
  async setUp(lab) {
    const { near, far } = await lab.pair();
    await far.host.nft('table arp a { chain in { type filter hook input priority 0; arp operation request counter drop; }; }');
    await near.host.run('ip', 'neighbour', 'delete', far.address, 'dev', near.dev);
    await near.host.sysctl(`net.ipv4.neigh.${near.dev}.retrans_time_ms`, 200);
    return {
      target: far.host,
      async load() {
        await near.host.attempt('ping', '-q', '-c', '5', '-i', '0.2', '-W', '1', far.address);
        return { 'rule.packets': [2, 20] };
      },
    };
  },
};
export default fault;
