import type { Fault } from '../fault.js';

const fault: Fault = {
  id: 'blackhole',
  title: 'a router with a blackhole route: no protocol counter names it',
  alone: 'rt_cache counts for the whole machine',
  expected: [{ cause: 'ip-blackhole-route', layer: 'network', direction: 'fwd' }],
  severity: 'loss',
  async setUp(lab) {
    const { near, router } = await lab.routed();
    await router.run('ip', 'route', 'add', 'blackhole', '198.51.100.0/24');
    return {
      target: router,
      async load() {
        await near.host.attempt('ping', '-q', '-c', '40', '-i', '0.01', '-W', '1', '198.51.100.9');
        return { 'Ip.InReceives': [40, 60], 'Ip.ForwDatagrams': 0 };
      },
    };
  },
};
export default fault;
