import type { Fault } from '../fault.js';

const fault: Fault = {
  id: 'neighbour-failed',
  title: 'a peer in the same network that does not answer ARP',
  alone: 'res_failed of the ARP table is counted for the whole machine',
  expected: [{ cause: 'neigh-failed', layer: 'neighbour', direction: 'tx' }],
  severity: 'loss',
  seconds: 5,
  async setUp(lab) {
    const { near } = await lab.pair();
    await near.host.sysctl(`net.ipv4.neigh.${near.dev}.retrans_time_ms`, 200);
    const { socket } = await near.host.agent().udp();
    const absent = Array.from({ length: 5 }, (_, index) => near.address.replace(/\d+$/, String(70 + index)));
    return {
      target: 'machine',
      async load() {
        for (const address of absent) await near.host.agent().sendTo(socket, { address, port: 9 }, { count: 1 });
        return { 'arp_cache.res_failed': [5, 20] };
      },
    };
  },
};
export default fault;
