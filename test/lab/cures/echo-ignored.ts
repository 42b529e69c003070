import type { Cure } from '../cure.js';
const cure: Cure = {
  id: 'echo-ignored',
  title: 'a host that ignores ping answers again',
  runbook: 'icmp-echo-ignored',
  fix: 'answer-ping',
  settings: [{ name: 'net.ipv4.icmp_echo_ignore_all', before: '1', after: '0' }],
  async setUp(lab) {
    const { near, far } = await lab.pair();
    await far.host.sysctl('net.ipv4.icmp_echo_ignore_all', 1);
    return {
      target: far.host,
      async load() {
        await near.host.attempt('ping', '-q', '-c', '5', '-i', '0.02', '-W', '0.2', far.address);
      },
    };
  },
};
export default cure;
