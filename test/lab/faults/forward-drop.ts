import type { Fault } from '../fault.js';

const fault: Fault = {
  id: 'forward-drop',
  title: 'a router whose firewall lets nothing through',
  expected: [{ cause: 'nf-drop-forward', layer: 'netfilter', direction: 'fwd' }],
  severity: 'loss',
  async setUp(lab) {
    const { near, router, far } = await lab.routed();
    await router.nft('table inet f { chain fw { type filter hook forward priority 0; policy drop; }; }');
    return {
      target: router,
      async load() {
        await near.host.attempt('ping', '-q', '-c', '40', '-i', '0.01', '-W', '1', far.address);
        return { 'Ip.ForwDatagrams': 40, 'Ip.OutTransmits': 0 };
      },
    };
  },
};
export default fault;
