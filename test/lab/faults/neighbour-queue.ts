import type { Fault } from '../fault.js';

const fault: Fault = {
  id: 'neighbour-queue',
  title: 'a burst to a peer whose MAC address is not known',
  alone: 'unresolved_discards of the ARP table is counted for the whole machine',
  expected: [{ cause: 'neigh-queue-full', layer: 'neighbour', direction: 'tx' }],
  severity: 'loss',
  async setUp(lab) {
    const { near } = await lab.pair();
    const { socket } = await near.host.agent().udp();
    const absent = near.address.replace(/\d+$/, '77');
    return {
      target: 'machine',
      async load() {
        await near.host.agent().sendTo(socket, { address: absent, port: 9 }, { count: 600, size: 1400 });
        return { 'arp_cache.unresolved_discards': [400, 600] };
      },
    };
  },
};
export default fault;
