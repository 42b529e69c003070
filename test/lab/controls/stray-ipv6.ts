import type { Control } from '../fault.js';

const control: Control = {
  id: 'stray-ipv6',
  title: 'programs that try IPv6 on a host without IPv6 access',
  harmless: ['ip-no-route-out'],
  async setUp(lab) {
    const { near } = await lab.pair();
    const { socket } = await near.host.agent().udp({ bind: '::' });
    return {
      target: near.host,
      async load() {
        await near.host.agent().sendTo(socket, { address: '2001:db8::9', port: 53 }, { count: 12, interval: 0.02 });
        return {};
      },
    };
  },
};
export default control;
