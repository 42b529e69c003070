import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from '../fault.js';

const fault: Fault = {
  id: 'last-ack',
  title: 'the accept queue is full when handshakes end: clients believe they are connected',
  expected: [
    { cause: 'tcp-last-ack-overflow', layer: 'transport', direction: 'rx' },
    { cause: 'app-accept-too-slow', layer: 'application', direction: 'rx' },
  ],
  severity: 'loss',
  seconds: 5,
  async setUp(lab) {
    const { near, far } = await lab.pair();
    const { port } = await far.host.agent().listen(4);
    await near.host.agent().connect({ address: far.address, port }, { count: 3, wait: 1 });
    // The server's answers are held back until four more handshakes have begun: the queue has room when they begin,
    // and has none when they end.
    await near.host.nft(`table ip hold { chain in { type filter hook input priority 0; tcp sport ${port} drop; }; }`);
    await near.host.agent().connect({ address: far.address, port }, { count: 4 });
    await near.host.run('nft', 'delete', 'table', 'ip', 'hold');
    const queued = async (): Promise<number> => {
      const listed = await far.host.run('ss', '-Hlnt', `sport = :${port}`);
      return Number(listed.trim().split(/\s+/)[1]);
    };
    for (let i = 0; i < 60 && (await queued()) < 5; i++) await sleep(50);
    return {
      target: far.host,
      subject: { kind: 'socket', name: `0.0.0.0:${port}` },
      async load() {
        return { 'Tcp.RetransSegs': [1, 8], 'TcpExt.ListenOverflows': [1, 8] };
      },
    };
  },
};
export default fault;
