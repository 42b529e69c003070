import type { Cure } from '../cure.js';
const cure: Cure = {
  id: 'forwarding',
  title: 'a router forwards',
  runbook: 'ip-forward-disabled',
  fix: 'forward-ipv4',
  settings: [{ name: 'net.ipv4.conf.all.accept_redirects', before: '1', after: '0' }, { name: 'net.ipv4.ip_forward', before: '0', after: '1' }],
  async setUp(lab) {
    const { near, router, far } = await lab.routed();
    await router.sysctl('net.ipv4.ip_forward', 0);
    return {
      target: router,
      async load() {
        await near.host.attempt('ping', '-q', '-c', '20', '-i', '0.02', '-W', '0.2', far.address);
      },
    };
  },
};
export default cure;
