import type { Control } from '../fault.js';

const control: Control = {
  id: 'defer-accept',
  title: 'a client that says nothing to a listener that waits for data (TCP_DEFER_ACCEPT)',
  harmless: ['tcp-defer-accept'],
  async setUp(lab) {
    const { near, far } = await lab.pair();
    const { port } = await far.host.agent().listen(16, [['IPPROTO_TCP', 'TCP_DEFER_ACCEPT', 3]]);
    return {
      target: far.host,
      async load() {
        await near.host.agent().connect({ address: far.address, port }, { count: 2, wait: 1 });
        return {};
      },
    };
  },
};
export default control;
