import type { Cure } from '../cure.js';

const cure: Cure = {
  id: 'neighbour-table',
  title: 'the neighbour table has room for all peers',
  runbook: 'neigh-table-full',
  fix: 'raise-gc-thresh',
  settings: [
    { name: 'net.ipv4.neigh.default.gc_thresh3', before: '64', after: '4096' },
    { name: 'net.ipv4.neigh.default.gc_thresh2', before: '32', after: '2048' },
  ],
  alone: 'there is one neighbour table for the machine',
  async setUp(lab) {
    const { near } = await lab.pair();
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
        // Peers that are known would take no new place.
        await near.host.attempt('ip', 'neighbour', 'flush', 'dev', near.dev);
      },
    };
  },
};
export default cure;
