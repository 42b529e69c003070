import type { Cure } from '../cure.js';
const cure: Cure = {
  id: 'blackhole',
  title: 'packets take another way when the route that swallows them is gone',
  runbook: 'ip-blackhole-route',
  fix: 'blackhole-away',
  async setUp(lab) {
    const { near, router } = await lab.routed();
    await router.run('ip', 'route', 'add', 'blackhole', '198.51.100.0/24');
    return {
      target: router,
      settings: [{ name: 'route blackhole 198.51.100.0/24 in table main', before: 'present', after: 'absent' }],
      row: () => 'ipv4 blackhole 198.51.100.0/24',
      async load() {
        await near.host.attempt('ping', '-q', '-c', '20', '-i', '0.01', '-W', '0.2', '198.51.100.9');
      },
    };
  },
};
export default cure;
