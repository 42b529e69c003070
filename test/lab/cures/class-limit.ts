import { setTimeout as sleep } from 'node:timers/promises';
import type { Cure } from '../cure.js';
const cure: Cure = {
  id: 'class-limit',
  title: 'bursts fit into the queue of a traffic class',
  runbook: 'qdisc-class-limit',
  fix: 'raise-class-limit',
  async setUp(lab) {
    const { near, far } = await lab.pair();
    const tc = (...args: readonly string[]) => near.host.run('tc', ...args);
    await tc('qdisc', 'add', 'dev', near.dev, 'root', 'handle', '1:', 'htb', 'default', '10');
    await tc('class', 'add', 'dev', near.dev, 'parent', '1:', 'classid', '1:10', 'htb', 'rate', '1mbit', 'burst', '1600', 'cburst', '1600');
    await tc('qdisc', 'add', 'dev', near.dev, 'parent', '1:10', 'handle', '20:', 'pfifo', 'limit', '5');
    const { port, socket: sink } = await far.host.agent().udp({ bind: far.address });
    await far.host.agent().swallowUdp(sink);
    const { socket } = await near.host.agent().udp();
    return {
      target: near.host,
      settings: [{ name: `limit of qdisc 1:10 on ${near.dev}`, before: '5', after: '20' }],
      row: () => `${near.dev} 1:10 pfifo 20:`,
      // 15 kB at once, which take an eighth of a second.
      async load() {
        await near.host.agent().sendTo(socket, { address: far.address, port }, { count: 15, size: 1000 });
        await sleep(250);
      },
    };
  },
};
export default cure;
