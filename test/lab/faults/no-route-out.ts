import type { Fault } from '../fault.js';

const fault: Fault = {
  id: 'no-route-out',
  title: 'a program that sends to a network without a route',
  expected: [{ cause: 'ip-no-route-out', layer: 'network', direction: 'tx' }],
  severity: 'loss',
  async setUp(lab) {
    const { near } = await lab.pair();
    const { socket } = await near.host.agent().udp();
    return {
      target: near.host,
      async load() {
        const to = { address: '203.0.113.9', port: 53 };
        const { errors } = await near.host.agent().sendTo(socket, to, { count: 15, interval: 0.02 });
        return { 'Ip.OutNoRoutes': errors['ENETUNREACH'] ?? 0 };
      },
    };
  },
};
export default fault;
