import type { Fault } from '../fault.js';

const fault: Fault = {
  id: 'no-route-and-expired',
  title: 'a router that lacks a route, and a loop behind it',
  expected: [
    { cause: 'ip-no-route-in', layer: 'network', direction: 'fwd' },
    { cause: 'ip-ttl-expired', layer: 'network', direction: 'fwd' },
  ],
  severity: 'loss',
  async setUp(lab) {
    const { near, router, far } = await lab.routed();
    await near.host.sysctl('net.ipv4.ip_forward', 1);
    await router.run('ip', 'route', 'add', '198.51.100.0/24', 'via', near.address);
    const { socket } = await far.host.agent().udp({ opts: [['IPPROTO_IP', 'IP_TTL', 63]] });
    return {
      target: router,
      async load() {
        await far.host.agent().sendTo(socket, { address: '198.51.100.9', port: 9 }, { count: 80, interval: 0.004 });
        await near.host.attempt('ping', '-q', '-c', '30', '-i', '0.02', '-W', '1', '203.0.113.9');
        return { 'IpExt.InNoRoutes': [25, 30] };
      },
    };
  },
};
export default fault;
