import type { Cure } from '../cure.js';
import { run } from '../processes.js';

const cure: Cure = {
  id: 'conntrack-max',
  title: 'the connection tracking table has room for all flows',
  runbook: 'ct-table-full',
  fix: 'raise-conntrack-max',
  settings: [{ name: 'net.netfilter.nf_conntrack_max', before: '64', after: '128' }],
  alone: 'nf_conntrack_max is one value for the machine',
  async setUp(lab) {
    const agent = lab.machineAgent();
    const { port, socket: sink } = await agent.udp({ bind: '127.0.0.1' });
    await agent.swallowUdp(sink);
    // Only these flows are tracked, so that a table that is full drops nothing else of the machine.
    const only = `udp dport ${port} accept; notrack;`;
    await lab.machineTable(
      `chain pre { type filter hook prerouting priority -300; ${only} }; chain out { type filter hook output priority -300; ${only} }; chain in { type filter hook input priority 0; ct state established counter; };`,
    );
    await lab.machineSysctl('net.netfilter.nf_conntrack_max', 64);
    const senders = await Promise.all(Array.from({ length: 100 }, () => agent.udp()));
    return {
      target: 'machine',
      async load() {
        for (const { socket } of senders) await agent.sendTo(socket, { address: '127.0.0.1', port }, { count: 1 });
        // Flows that are known would take no new place.
        await run(['conntrack', '-D', '-p', 'udp', '--orig-port-dst', String(port)]);
      },
    };
  },
};
export default cure;
