import type { Cure } from '../cure.js';
import { strangers, TCP, tcpFrame } from '../packets.js';
const cure: Cure = {
  id: 'syn-backlog',
  title: 'more half-open connections than three quarters of tcp_max_syn_backlog',
  runbook: 'tcp-syn-backlog-75pct',
  fix: 'raise-syn-backlog',
  settings: [{ name: 'net.ipv4.tcp_max_syn_backlog', before: '40', after: '1024' }],
  async setUp(lab) {
    const { near, far } = await lab.pair();
    // Half-open connections are given up after a second, so that as many come as go.
    await far.host.sysctl('net.ipv4.tcp_synack_retries', 0);
    await far.host.sysctl('net.ipv4.tcp_syncookies', 0);
    await far.host.sysctl('net.ipv4.tcp_max_syn_backlog', 40);
    const { port } = await far.host.agent().listen(1024);
    // Clients whose address nobody resolves would be given up for that, which counts as a drop, too.
    for (const client of strangers(far, 60)) await far.host.run('ip', 'neighbour', 'replace', client, 'lladdr', near.mac, 'dev', far.dev, 'nud', 'permanent');
    let round = 0;
    return {
      target: far.host,
      async load() {
        round += 1;
        const syns = strangers(far, 60).map((source, index) =>
          tcpFrame(near, far, { source, sourcePort: 20_000 + ((round * 60 + index) % 40_000), port, flags: TCP.syn }),
        );
        await near.host.agent().frames(near.dev, syns, 0.005);
      },
    };
  },
};
export default cure;
