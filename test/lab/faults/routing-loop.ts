import type { Fault } from '../fault.js';

const fault: Fault = {
  id: 'routing-loop',
  title: 'two routers that send packets to each other until their TTL is used up',
  expected: [{ cause: 'ip-ttl-expired', layer: 'network', direction: 'fwd' }],
  severity: 'loss',
  async setUp(lab) {
    const { near, router, far } = await lab.routed();
    await near.host.sysctl('net.ipv4.ip_forward', 1);
    // The router believes that the network lies behind `near`, whose own default route is the router.
    await router.run('ip', 'route', 'add', '198.51.100.0/24', 'via', near.address);
    const { socket } = await far.host.agent().udp();
    return {
      target: near.host,
      async load() {
        await far.host.agent().sendTo(socket, { address: '198.51.100.9', port: 9 }, { count: 80, interval: 0.005 });
        return { 'Ip.InHdrErrors': 80 };
      },
    };
  },
};
export default fault;
