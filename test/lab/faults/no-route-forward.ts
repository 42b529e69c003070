import type { Fault } from '../fault.js';

const fault: Fault = {
  id: 'no-route-forward',
  title: 'a router without a route for what it is to forward',
  expected: [{ cause: 'ip-no-route-in', layer: 'network', direction: 'fwd' }],
  severity: 'loss',
  async setUp(lab) {
    const { near, router } = await lab.routed();
    return {
      target: router,
      async load() {
        await near.host.attempt('ping', '-q', '-c', '20', '-i', '0.02', '-W', '1', '203.0.113.9');
        return { 'IpExt.InNoRoutes': 20 };
      },
    };
  },
};
export default fault;
