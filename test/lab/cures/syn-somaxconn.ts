import type { Cure } from '../cure.js';
import { strangers, TCP, tcpFrame } from '../packets.js';
const cure: Cure = {
  id: 'syn-somaxconn',
  title: 'a SYN queue with room, once the program has listened again',
  runbook: 'tcp-syn-queue-full-cookies',
  fix: 'raise-somaxconn-for-syns',
  settings: [{ name: 'net.core.somaxconn', before: '16', after: '4096' }],
  async setUp(lab) {
    const { near, far } = await lab.pair();
    // Half-open connections are given up after a second, so that as many come as go.
    await far.host.sysctl('net.ipv4.tcp_synack_retries', 0);
    await far.host.sysctl('net.ipv4.tcp_syncookies', 1);
    await far.host.sysctl('net.core.somaxconn', 16);
    const server = far.host.agent();
    let { socket: listener, port } = await server.listen(1024);
    let round = 0;
    return {
      target: far.host,
      row: () => `tcp 0.0.0.0:${port}`,
      async load() {
        round += 1;
        const syns = strangers(far, 60).map((source, index) =>
          tcpFrame(near, far, { source, sourcePort: 20_000 + ((round * 60 + index) % 40_000), port, flags: TCP.syn }),
        );
        await near.host.agent().frames(near.dev, syns, 0.005);
      },
      async restart() {
        await server.close([listener]);
        ({ socket: listener, port } = await server.listen(1024));
      },
    };
  },
};
export default cure;
