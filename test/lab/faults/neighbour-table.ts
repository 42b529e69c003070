import type { Fault } from '../fault.js';

const fault: Fault = {
  id: 'neighbour-table',
  title: 'more peers than the neighbour table holds',
  alone: 'there is one neighbour table for the machine',
  expected: [{ cause: 'neigh-table-full', layer: 'neighbour', direction: 'tx' }],
  severity: 'loss',
  async setUp(lab) {
    const { near } = await lab.pair();
    // Permanent entries, which the lab makes everywhere else, do not count.
    for (const [name, limit] of [['gc_thresh1', 16], ['gc_thresh2', 32], ['gc_thresh3', 64]] as const) {
      await lab.machineSysctl(`net.ipv4.neigh.default.${name}`, limit);
    }
    const { socket } = await near.host.agent().udp();
    return {
      target: 'machine',
      async load() {
        for (let i = 0; i < 180; i++) {
          const address = near.address.replace(/\d+$/, String(60 + i));
          await near.host.agent().sendTo(socket, { address, port: 9 }, { count: 1 });
        }
        return { 'arp_cache.table_fulls': [10, 400] };
      },
    };
  },
};
export default fault;
