import type { Fault } from '../fault.js';

/** setsockopt(UDP_SEGMENT) of udp(7): one send() becomes datagrams of this size. */
const UDP_SEGMENT = 103;

const fault: Fault = {
  id: 'flow-limit',
  title: 'one flow that fills the input queue of a CPU with a flow limit',
  alone: 'netdev_max_backlog and the queues of the CPUs are those of the machine',
  expected: [{ cause: 'softnet-flow-limit', layer: 'softnet', direction: 'rx' }],
  severity: 'loss',
  async setUp(lab) {
    const { near, far } = await lab.pair();
    await lab.machineSysctl('net.core.netdev_max_backlog', 40);
    await lab.machineSysctl('net.core.flow_limit_cpu_bitmap', '3');
    // The cable takes no large packets, so that the kernel splits each send() into a burst that arrives at once.
    await near.host.run('ip', 'link', 'set', near.dev, 'gso_max_segs', '1');
    const { port, socket: sink } = await far.host.agent().udp({ bind: far.address });
    await far.host.agent().swallowUdp(sink);
    const { socket } = await near.host.agent().udp({ opts: [['SOL_UDP', UDP_SEGMENT, 100]] });
    return {
      target: far.host,
      async load() {
        await near.host.agent().sendTo(socket, { address: far.address, port }, { count: 40, size: 6000, interval: 0.01 });
        return { 'cpu.flow_limit_count': [5, 2400] };
      },
    };
  },
};
export default fault;
