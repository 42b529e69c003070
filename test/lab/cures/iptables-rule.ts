import type { Cure } from '../cure.js';
const cure: Cure = {
  id: 'iptables-rule',
  title: 'a rule of iptables that refuses what is forwarded lets it pass',
  runbook: 'nf-drop-forward',
  fix: 'forward-rule-off',
  async setUp(lab) {
    const { near, router, far } = await lab.routed();
    await router.run('iptables', '-A', 'FORWARD', '-p', 'icmp', '-m', 'comment', '--comment', 'no "ping" here', '-j', 'DROP');
    return {
      target: router,
      settings: [{ name: 'iptables filter FORWARD rule 1', before: 'on', after: 'off' }],
      row: () => 'iptables filter FORWARD 1',
      async load() {
        await near.host.attempt('ping', '-q', '-c', '40', '-i', '0.01', '-W', '0.2', far.address);
      },
    };
  },
};
export default cure;
