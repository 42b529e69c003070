import type { Control } from '../fault.js';

const control: Control = {
  id: 'tcp-flow',
  title: 'busy TCP both ways',
  async setUp(lab) {
    const { near, far } = await lab.pair();
    const [client, server] = [near.host.agent(), far.host.agent()];
    const { socket: listener, port } = await server.listen(64);
    await server.swallow(listener);
    const back = await client.listen(64);
    await client.swallow(back.socket);
    const there = await client.connected({ address: far.address, port });
    const here = await server.connected({ address: near.address, port: back.port });
    return {
      target: far.host,
      async load() {
        await Promise.all([client.stream(there, 20_000_000, 1.2), server.stream(here, 5_000_000, 1.2)]);
        return {};
      },
    };
  },
};
export default control;
