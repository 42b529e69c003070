import type { Fault } from '../fault.js';

const fault: Fault = {
  id: 'files-used-up',
  title: 'a server that may open no more files, so that it cannot accept',
  expected: [{ cause: 'app-fd-exhausted', layer: 'application', direction: 'rx' }],
  severity: 'loss',
  async setUp(lab) {
    const { near, far } = await lab.pair();
    const server = far.host.nobody();
    const { socket: listener, port } = await server.listen(2);
    await server.limitFiles(6);
    await server.acceptForEver(listener);
    return {
      target: far.host,
      async load() {
        await near.host.agent().connect({ address: far.address, port }, { count: 20, interval: 0.02 });
        return { 'TcpExt.ListenOverflows': [5, 40] };
      },
    };
  },
};
export default fault;
