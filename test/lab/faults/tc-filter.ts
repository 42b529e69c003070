import type { Fault } from '../fault.js';

const fault: Fault = {
  id: 'tc-filter',
  title: 'a classifier that discards what comes in',
  expected: [{ cause: 'tc-ingress-egress-drop', layer: 'netfilter', direction: 'rx' }],
  severity: 'loss',
  async setUp(lab) {
    const { near, far } = await lab.pair();
    await far.host.run('tc', 'qdisc', 'add', 'dev', far.dev, 'clsact');
    // A classic BPF program that returns TC_ACT_SHOT, whose value is the action.
    await far.host.run('tc', 'filter', 'add', 'dev', far.dev, 'ingress', 'bpf', 'da', 'bytecode', '1,6 0 0 2,');
    const { socket } = await near.host.agent().udp();
    return {
      target: far.host,
      async load() {
        await near.host.agent().sendTo(socket, { address: far.address, port: 9 }, { count: 40, interval: 0.01 });
        return { 'qdisc.dropped': [40, 50] };
      },
    };
  },
};
export default fault;
