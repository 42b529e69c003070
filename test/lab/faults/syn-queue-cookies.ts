import type { Fault } from '../fault.js';
import { strangers, TCP, tcpFrame } from '../packets.js';

const fault: Fault = {
  id: 'syn-queue-cookies',
  title: 'half-open connections up to the backlog, SYN cookies on: a risk, nothing is dropped',
  expected: [{ cause: 'tcp-syn-queue-full-cookies', layer: 'transport', direction: 'rx' }],
  severity: 'risk',
  async setUp(lab) {
    const { near, far } = await lab.pair();
    await far.host.sysctl('net.ipv4.tcp_syncookies', 1);
    const { port } = await far.host.agent().listen(16);
    return {
      target: far.host,
      async load() {
        const syns = strangers(far, 60).map((source, index) =>
          tcpFrame(near, far, { source, sourcePort: 20000 + index, port, flags: TCP.syn }),
        );
        await near.host.agent().frames(near.dev, syns, 0.005);
        return { 'TcpExt.TCPReqQFullDoCookies': 43 };
      },
    };
  },
};
export default fault;
