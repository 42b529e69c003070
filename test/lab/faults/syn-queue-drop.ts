import type { Fault } from '../fault.js';
import { strangers, TCP, tcpFrame } from '../packets.js';

const fault: Fault = {
  id: 'syn-queue-drop',
  title: 'half-open connections up to the backlog, SYN cookies off',
  expected: [{ cause: 'tcp-syn-queue-full-drop', layer: 'transport', direction: 'rx' }],
  severity: 'loss',
  async setUp(lab) {
    const { near, far } = await lab.pair();
    await far.host.sysctl('net.ipv4.tcp_syncookies', 0);
    await far.host.sysctl('net.ipv4.tcp_max_syn_backlog', 4096);
    const { port } = await far.host.agent().listen(16);
    return {
      target: far.host,
      subject: { kind: 'socket', name: `0.0.0.0:${port}` },
      async load() {
        // Clients that exist nowhere: they never answer the SYN-ACK.
        const syns = strangers(far, 60).map((source, index) =>
          tcpFrame(near, far, { source, sourcePort: 20000 + index, port, flags: TCP.syn }),
        );
        await near.host.agent().frames(near.dev, syns, 0.005);
        return { 'TcpExt.TCPReqQFullDrop': 43, 'TcpExt.ListenDrops': 43 };
      },
    };
  },
};
export default fault;
