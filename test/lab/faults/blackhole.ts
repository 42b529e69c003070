import type { Fault } from '../fault.js';

const fault: Fault = {
  id: 'blackhole',
  title: 'a router with a blackhole route: no counter names it, only the gap between received and delivered shows',
  expected: [{ cause: 'nf-drop-input', layer: 'netfilter', direction: 'rx' }],
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
