import type { Fault } from '../fault.js';
import { setTimeout as sleep } from 'node:timers/promises';

const fault: Fault = {
  id: 'flapping-and-filtered',
  title: 'a cable that comes and goes, and a classifier that discards',
  expected: [
    { cause: 'nic-carrier-flap', layer: 'nic', direction: 'both' },
    { cause: 'tc-ingress-egress-drop', layer: 'netfilter', direction: 'rx' },
  ],
  severity: 'loss',
  async setUp(lab) {
    const { near, far } = await lab.pair();
    await far.host.run('tc', 'qdisc', 'add', 'dev', far.dev, 'clsact');
    await far.host.run('tc', 'filter', 'add', 'dev', far.dev, 'ingress', 'bpf', 'da', 'bytecode', '1,6 0 0 2,');
    const { socket } = await near.host.agent().udp();
    return {
      target: far.host,
      async load() {
        for (let i = 0; i < 3; i++) {
          await near.host.agent().sendTo(socket, { address: far.address, port: 9 }, { count: 20, interval: 0.01 });
          await near.host.run('ip', 'link', 'set', near.dev, 'down');
          await sleep(100);
          await near.host.run('ip', 'link', 'set', near.dev, 'up');
          await near.host.run('ip', 'neighbour', 'replace', far.address, 'lladdr', far.mac, 'dev', near.dev, 'nud', 'permanent');
          await sleep(100);
        }
        return { 'interface.carrier_changes': [4, 6] };
      },
    };
  },
};
export default fault;
