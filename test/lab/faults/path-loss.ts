import type { Fault } from '../fault.js';

const fault: Fault = {
  id: 'path-loss',
  title: 'one packet in ten is lost on the way, seen by the sender',
  expected: [{ cause: 'path-loss', layer: 'path', direction: 'path' }],
  severity: 'loss',
  seconds: 4,
  async setUp(lab) {
    const { near, router, far } = await lab.routed();
    await router.nft('table ip wire { chain f { type filter hook forward priority 0; ip protocol tcp numgen random mod 100 < 10 drop; }; }');
    const { socket: listener, port } = await far.host.agent().listen(8);
    await far.host.agent().swallow(listener);
    const socket = await near.host.agent().connected({ address: far.address, port });
    return {
      target: near.host,
      async load() {
        await near.host.agent().stream(socket, 2_000_000, 2);
        return { 'Tcp.RetransSegs': [5, 2000] };
      },
    };
  },
};
export default fault;
