import type { Fault } from '../fault.js';

const fault: Fault = {
  id: 'xfrm-block',
  title: 'an IPsec policy that lets nothing in from a peer',
  expected: [{ cause: 'xfrm-policy-block', layer: 'netfilter', direction: 'both' }],
  severity: 'loss',
  async setUp(lab) {
    const { near, far } = await lab.pair();
    await far.host.run('ip', 'xfrm', 'policy', 'add', 'src', near.address, 'dst', far.address, 'dir', 'in', 'action', 'block');
    const { socket: sink, port } = await far.host.agent().udp({ bind: far.address });
    await far.host.agent().swallowUdp(sink);
    const { socket } = await near.host.agent().udp();
    return {
      target: far.host,
      async load() {
        await near.host.agent().sendTo(socket, { address: far.address, port }, { count: 25, interval: 0.01 });
        return { 'xfrm.XfrmInPolBlock': 25 };
      },
    };
  },
};
export default fault;
