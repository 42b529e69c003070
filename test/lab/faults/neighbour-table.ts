import type { Fault } from '../fault.js';

const fault: Fault = {
  id: 'neighbour-table',
  title: 'more peers than the neighbour table holds',
  alone: 'there is one neighbour table for the machine',
  expected: [{ cause: 'neigh-table-full', layer: 'neighbour', direction: 'tx' }],
  severity: 'loss',
  async setUp(lab) {
    const { near } = await lab.pair();
    const used = Number(/entries (\d+)/.exec(await near.host.run('ip', '-s', 'ntable', 'show', 'name', 'arp_cache'))?.[1]);
    for (const [name, more] of [['gc_thresh1', 8], ['gc_thresh2', 16], ['gc_thresh3', 24]] as const) {
      await lab.machineSysctl(`net.ipv4.neigh.default.${name}`, used + more);
    }
    const { socket } = await near.host.agent().udp();
    return {
      target: 'machine',
      async load() {
        for (let i = 0; i < 80; i++) {
          const address = near.address.replace(/\d+$/, String(60 + i));
          await near.host.agent().sendTo(socket, { address, port: 9 }, { count: 1 });
        }
        return { 'arp_cache.table_fulls': [10, 200] };
      },
    };
  },
};
export default fault;
