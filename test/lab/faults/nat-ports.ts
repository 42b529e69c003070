import type { Fault } from '../fault.js';

const fault: Fault = {
  id: 'nat-ports',
  title: 'address translation with fewer ports than flows to one server',
  expected: [{ cause: 'ct-insert-failed', layer: 'netfilter', direction: 'fwd' }],
  severity: 'loss',
  async setUp(lab) {
    const { near, router, far, outside } = await lab.routed();
    await router.nft(
      `table ip n { chain post { type nat hook postrouting priority srcnat; ip protocol udp snat to ${outside.address}:5000-5003; }; }`,
    );
    const { port, socket: sink } = await far.host.agent().udp({ bind: far.address });
    await far.host.agent().swallowUdp(sink);
    return {
      target: router,
      async load() {
        const agent = near.host.agent();
        for (let i = 0; i < 40; i++) {
          const { socket } = await agent.udp();
          await agent.sendTo(socket, { address: far.address, port }, { count: 1 });
        }
        return { 'nf_conntrack.insert_failed': [20, 40] };
      },
    };
  },
};
export default fault;
