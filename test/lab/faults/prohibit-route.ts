import type { Fault } from '../fault.js';

const fault: Fault = {
  id: 'prohibit-route',
  title: 'a router with a route of type prohibit: it answers, by a rate limited ICMP message',
  expected: [{ cause: 'ip-prohibit-route', layer: 'network', direction: 'fwd' }],
  severity: 'loss',
  async setUp(lab) {
    const { near, router } = await lab.routed();
    await router.run('ip', 'route', 'add', 'prohibit', '198.51.100.0/24');
    return {
      target: router,
      async load() {
        await near.host.attempt('ping', '-q', '-c', '40', '-i', '0.02', '-W', '1', '198.51.100.9');
        return { 'Icmp.OutDestUnreachs': [1, 40] };
      },
    };
  },
};
export default fault;
