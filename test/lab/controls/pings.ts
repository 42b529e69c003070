import type { Control } from '../fault.js';

const control: Control = {
  id: 'pings',
  title: 'nothing but pings, both ways and over IPv6',
  async setUp(lab) {
    const { near, far } = await lab.pair();
    await near.host.run('ip', 'address', 'add', 'fd5a:9::1/64', 'dev', near.dev, 'nodad');
    await far.host.run('ip', 'address', 'add', 'fd5a:9::2/64', 'dev', far.dev, 'nodad');
    return {
      target: far.host,
      async load() {
        await Promise.all([
          near.host.run('ping', '-q', '-c', '60', '-i', '0.02', far.address),
          far.host.run('ping', '-q', '-c', '60', '-i', '0.02', near.address),
          near.host.run('ping', '-q', '-c', '60', '-i', '0.02', 'fd5a:9::2'),
        ]);
        return {};
      },
    };
  },
};
export default control;
