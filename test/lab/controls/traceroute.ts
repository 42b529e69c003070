import type { Control } from '../fault.js';

const control: Control = {
  id: 'traceroute',
  title: 'somebody traces the way through this router',
  harmless: ['ip-ttl-expired'],
  async setUp(lab) {
    const { near, router, far } = await lab.routed();
    return {
      target: router,
      async load() {
        await near.host.attempt('ping', '-q', '-c', '6', '-i', '0.05', '-t', '1', '-W', '1', far.address);
        await near.host.run('ping', '-q', '-c', '20', '-i', '0.02', far.address);
        return {};
      },
    };
  },
};
export default control;
