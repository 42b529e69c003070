import type { Fault } from '../fault.js';

const fault: Fault = {
  id: 'pmtu-lost',
  title: 'large segments vanish on the way, and no ICMP message says so',
  expected: [{ cause: 'pmtu-blackhole', layer: 'path', direction: 'path' }],
  severity: 'risk',
  seconds: 4,
  async setUp(lab) {
    const { near, router, outside, far } = await lab.routed();
    await router.run('ip', 'link', 'set', outside.dev, 'mtu', '1000');
    await far.host.run('ip', 'link', 'set', far.dev, 'mtu', '1000');
    await router.nft('table ip f { chain o { type filter hook output priority 0; icmp type destination-unreachable drop; }; }');
    await far.host.run('ip', 'route', 'change', 'default', 'via', outside.address, 'advmss', '1460');
    const { socket: listener, port } = await far.host.agent().listen(16);
    await far.host.agent().swallow(listener);
    const socket = await near.host.agent().connected({ address: far.address, port });
    await near.host.agent().send(socket, 60_000, 0.3);
    return {
      target: near.host,
      async load() {
        return { 'TcpExt.TCPTimeouts': [1, 20] };
      },
    };
  },
};
export default fault;
