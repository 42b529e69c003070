import type { Fault } from '../fault.js';

const fault: Fault = {
  id: 'carrier-down',
  title: 'the other end of the cable is off, and programs go on sending',
  expected: [{ cause: 'link-no-carrier', layer: 'link', direction: 'tx' }],
  severity: 'loss',
  async setUp(lab) {
    const { near, far } = await lab.pair();
    const { socket } = await near.host.agent().udp();
    await far.host.run('ip', 'link', 'set', far.dev, 'down');
    return {
      target: near.host,
      subject: { kind: 'interface', name: near.dev },
      async load() {
        const { sent } = await near.host.agent().sendTo(socket, { address: far.address, port: 9 }, { count: 30, interval: 0.02 });
        return { 'interface.tx_dropped': [sent, sent + 5] };
      },
    };
  },
};
export default fault;
