import type { Control } from '../fault.js';

const control: Control = {
  id: 'neighbour-unseen',
  title: 'ARP troubles inside a namespace, which only the machine counts: said as not checked',
  notChecked: ['/proc/net/stat/arp_cache'],
  async setUp(lab) {
    const { near } = await lab.pair();
    return {
      target: near.host,
      async load() {
        return {};
      },
    };
  },
};
export default control;
