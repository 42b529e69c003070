import type { Cure } from '../cure.js';
const cure: Cure = {
  id: 'port-range',
  title: 'there are local ports enough',
  runbook: 'ephemeral-port-exhaustion',
  fix: 'widen-port-range',
  settings: [{ name: 'net.ipv4.ip_local_port_range', before: '40000 40039', after: '15000 64999' }],
  async setUp(lab) {
    const { near, far } = await lab.pair();
    await near.host.sysctl('net.ipv4.ip_local_port_range', '40000 40039');
    const { socket: listener, port } = await far.host.agent().listen(128);
    await far.host.agent().swallow(listener);
    const to = { address: far.address, port };
    await near.host.agent().connect(to, { count: 36, wait: 1 });
    return {
      target: near.host,
      async load() {
        const { sockets } = await near.host.agent().connect(to, { count: 6, wait: 1, interval: 0.02 });
        await near.host.agent().reset(sockets);
      },
    };
  },
};
export default cure;
