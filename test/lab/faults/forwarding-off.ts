import type { Fault } from '../fault.js';

const fault: Fault = {
  id: 'forwarding-off',
  title: 'a router with ip_forward=0',
  expected: [{ cause: 'ip-forward-disabled', layer: 'network', direction: 'fwd' }],
  severity: 'loss',
  async setUp(lab) {
    const { near, router, far } = await lab.routed();
    await router.sysctl('net.ipv4.ip_forward', 0);
    return {
      target: router,
      async load() {
        await near.host.attempt('ping', '-q', '-c', '20', '-i', '0.02', '-W', '1', far.address);
        return { 'Ip.InAddrErrors': 20 };
      },
    };
  },
};
export default fault;
