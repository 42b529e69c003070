import type { Fault } from '../fault.js';
import { strangers, TCP, tcpFrame } from '../packets.js';

const fault: Fault = {
  id: 'flood-and-closed',
  title: 'SYNs that fill the queue with cookies off, and datagrams for a closed port',
  expected: [
    { cause: 'tcp-syn-queue-full-drop', layer: 'transport', direction: 'rx' },
    { cause: 'udp-port-not-listening', layer: 'application', direction: 'rx' },
  ],
  severity: 'loss',
  async setUp(lab) {
    const { near, far } = await lab.pair();
    await far.host.sysctl('net.ipv4.tcp_syncookies', 0);
    await far.host.sysctl('net.ipv4.tcp_max_syn_backlog', 4096);
    const { port } = await far.host.agent().listen(16);
    const { socket: once, port: closed } = await far.host.agent().udp({ bind: far.address });
    await far.host.agent().close([once]);
    const { socket } = await near.host.agent().udp();
    return {
      target: far.host,
      async load() {
        const syns = strangers(far, 60).map((source, index) =>
          tcpFrame(near, far, { source, sourcePort: 20000 + index, port, flags: TCP.syn }),
        );
        await near.host.agent().frames(near.dev, syns, 0.005);
        await near.host.agent().sendTo(socket, { address: far.address, port: closed }, { count: 40, interval: 0.01 });
        return { 'TcpExt.TCPReqQFullDrop': [35, 43], 'Udp.NoPorts': [35, 40] };
      },
    };
  },
};
export default fault;
