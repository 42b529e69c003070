import type { Control } from '../fault.js';

const control: Control = {
  id: 'icmp-limit',
  title: 'ICMP answers held back by the rate limit: a router that is pinged beyond its hops',
  harmless: ['icmp-rate-limited'],
  async setUp(lab) {
    const { near, router, far } = await lab.routed();
    return {
      target: router,
      async load() {
        await near.host.attempt('ping', '-q', '-c', '20', '-i', '0.01', '-t', '1', '-W', '1', far.address);
        await near.host.run('ping', '-q', '-c', '50', '-i', '0.01', far.address);
        return {};
      },
    };
  },
};
export default control;
