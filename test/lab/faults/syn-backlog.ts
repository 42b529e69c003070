import type { Fault } from '../fault.js';
import { strangers, TCP, tcpFrame } from '../packets.js';

const fault: Fault = {
  id: 'syn-backlog',
  title: 'half-open connections up to three quarters of tcp_max_syn_backlog, SYN cookies off',
  expected: [{ cause: 'tcp-syn-backlog-75pct', layer: 'transport', direction: 'rx' }],
  severity: 'loss',
  async setUp(lab) {
    const { near, far } = await lab.pair();
    await far.host.sysctl('net.ipv4.tcp_syncookies', 0);
    await far.host.sysctl('net.ipv4.tcp_max_syn_backlog', 40);
    const { port } = await far.host.agent().listen(1024);
    return {
      target: far.host,
      async load() {
        const syns = strangers(far, 80).map((source, index) =>
          tcpFrame(near, far, { source, sourcePort: 20000 + index, port, flags: TCP.syn }),
        );
        await near.host.agent().frames(near.dev, syns, 0.005);
        return { 'TcpExt.ListenDrops': 49, 'TcpExt.TCPReqQFullDrop': 0 };
      },
    };
  },
};
export default fault;
