import type { Fault } from '../fault.js';

const fault: Fault = {
  id: 'silent-firewall',
  title: 'connections to a server behind a firewall that says nothing',
  expected: [{ cause: 'path-silent-firewall', layer: 'path', direction: 'path' }],
  severity: 'loss',
  async setUp(lab) {
    const { near, router, far } = await lab.routed();
    await router.nft('table inet f { chain fw { type filter hook forward priority 0; tcp flags syn drop; }; }');
    const { port } = await far.host.agent().listen(16);
    return {
      target: near.host,
      async load() {
        await near.host.agent().connect({ address: far.address, port }, { count: 6 });
        return { 'TcpExt.TCPSynRetrans': [6, 12], 'Tcp.ActiveOpens': 6 };
      },
    };
  },
};
export default fault;
