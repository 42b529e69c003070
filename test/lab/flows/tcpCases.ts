import { drops, tcp, type FlowCase, type FlowScene, type TcpScene } from './case.js';

const RATE = 2_000_000;

/** A program that writes for two seconds, and one that reads it all. */
async function streaming({ near, far, from, to, flow }: TcpScene): Promise<FlowScene> {
  await far.host.agent().readAll(to);
  return { sender: near.host, receiver: far.host, flow, load: () => near.host.agent().stream(from, RATE, 2) };
}

/** The same, already under way before the first look and not over at the last one. */
async function ongoing(scene: TcpScene): Promise<FlowScene> {
  const { near, far, from, to, flow } = scene;
  await far.host.agent().readAll(to);
  const whole = near.host.agent().stream(from, RATE * 5, 8);
  // The lab may end the program before it is done.
  whole.catch(() => undefined);
  return { sender: near.host, receiver: far.host, flow, load: () => Promise.resolve() };
}

const shaper = ['root', 'tbf', 'rate', '1mbit', 'burst', '1600', 'limit', '3000'];

export const TCP_CASES: readonly FlowCase[] = [
  {
    id: 'sender-qdisc',
    title: 'a shaper with a short queue on the sender',
    place: 'sender-host',
    verdict: 'loss',
    cause: 'qdisc-overlimit',
    setUp: async (lab) => {
      const scene = await tcp(lab);
      await scene.near.host.run('tc', 'qdisc', 'add', 'dev', scene.near.dev, ...shaper);
      return streaming(scene);
    },
  },
  {
    id: 'sender-firewall',
    title: 'a rule on the sender that drops what its programs send',
    place: 'sender-host',
    verdict: 'loss',
    setUp: async (lab) => {
      const scene = await tcp(lab);
      await scene.near.host.nft(drops('output', `tcp dport ${scene.flow.receiver.port}`, 10));
      return streaming(scene);
    },
  },
  {
    id: 'path',
    title: 'one packet in ten dropped by the router',
    place: 'path',
    verdict: 'loss',
    setUp: async (lab) => {
      const scene = await tcp(lab);
      await scene.router.nft(drops('forward', `tcp dport ${scene.flow.receiver.port}`, 10));
      return streaming(scene);
    },
  },
  {
    id: 'path-ongoing',
    title: 'one packet in twenty dropped by the router, of a connection that is busy all the time',
    place: 'path',
    verdict: 'loss',
    setUp: async (lab) => {
      const scene = await tcp(lab);
      await scene.router.nft(drops('forward', `tcp dport ${scene.flow.receiver.port}`, 5));
      return ongoing(scene);
    },
  },
  {
    id: 'receiver-firewall-ongoing',
    title: 'one packet in twenty dropped by the receiver, of a connection that is busy all the time',
    place: 'receiver-host',
    verdict: 'loss',
    setUp: async (lab) => {
      const scene = await tcp(lab);
      await scene.far.host.nft(drops('input', `tcp dport ${scene.flow.receiver.port}`, 5));
      return ongoing(scene);
    },
  },
  {
    id: 'path-cut',
    title: 'everything dropped by the router',
    place: 'path',
    verdict: 'loss',
    setUp: async (lab) => {
      const scene = await tcp(lab);
      await scene.router.nft(drops('forward', `tcp dport ${scene.flow.receiver.port}`, 100));
      return streaming(scene);
    },
  },
  {
    id: 'path-qdisc',
    title: 'a shaper with a short queue on the router',
    place: 'path',
    verdict: 'loss',
    setUp: async (lab) => {
      const scene = await tcp(lab);
      await scene.router.run('tc', 'qdisc', 'add', 'dev', scene.outside.dev, ...shaper);
      return streaming(scene);
    },
  },
  {
    id: 'path-back',
    title: 'acknowledgements dropped by the router',
    place: 'path',
    verdict: 'loss',
    setUp: async (lab) => {
      const scene = await tcp(lab);
      await scene.router.nft(drops('forward', `tcp sport ${scene.flow.receiver.port}`, 100));
      return streaming(scene);
    },
  },
  {
    id: 'receiver-firewall',
    title: 'a rule on the receiver that drops one packet in ten',
    place: 'receiver-host',
    verdict: 'loss',
    setUp: async (lab) => {
      const scene = await tcp(lab);
      await scene.far.host.nft(drops('input', `tcp dport ${scene.flow.receiver.port}`, 10));
      return streaming(scene);
    },
  },
  {
    id: 'receiver-firewall-closed',
    title: 'a rule on the receiver that drops everything of an open connection',
    place: 'receiver-host',
    verdict: 'loss',
    setUp: async (lab) => {
      const scene = await tcp(lab);
      await scene.far.host.nft(drops('input', `tcp dport ${scene.flow.receiver.port}`, 100));
      return streaming(scene);
    },
  },
  {
    id: 'receiver-buffer',
    title: 'a receive buffer made too small on a live connection that is read',
    place: 'receiver-host',
    verdict: 'loss',
    cause: 'tcp-rcvq-mem-drop',
    setUp: async (lab) => {
      const scene = await tcp(lab);
      await scene.near.host.run('ethtool', '-K', scene.near.dev, 'tso', 'off', 'gso', 'off');
      await scene.far.host.agent().setOptions(scene.to, [['SOL_SOCKET', 'SO_RCVBUF', 2304]]);
      // What is written at once comes in a burst of many segments.
      return { ...(await streaming(scene)), load: () => scene.near.host.agent().stream(scene.from, RATE, 2, 65_536) };
    },
  },
  {
    id: 'receiver-not-reading',
    title: 'a program that does not read its connection',
    place: 'receiver-application',
    verdict: 'loss',
    setUp: async (lab) => {
      const { near, far, from, flow } = await tcp(lab);
      return { sender: near.host, receiver: far.host, flow, load: () => near.host.agent().send(from, 64_000_000, 0.3) };
    },
  },
  {
    id: 'clean',
    title: 'a connection that loses nothing',
    place: 'none',
    verdict: 'clean',
    setUp: async (lab) => streaming(await tcp(lab)),
  },
  {
    id: 'clean-ongoing',
    title: 'a connection that is busy all the time and loses nothing',
    place: 'none',
    verdict: 'clean',
    setUp: async (lab) => ongoing(await tcp(lab)),
  },
  {
    id: 'slow-reader',
    title: 'a program that reads less than it is offered',
    place: 'receiver-application',
    verdict: 'clean',
    setUp: async (lab) => {
      const { near, far, from, to, flow } = await tcp(lab);
      const filled = await near.host.agent().send(from, 64_000_000, 0.3);
      const reader = far.host.agent();
      const read = async (): Promise<void> => {
        for (let part = 0; part < 6; part += 1) await reader.receive(to, 16_384);
      };
      if (filled.sent === 0) throw new Error('Nothing could be sent');
      return { sender: near.host, receiver: far.host, flow, load: read };
    },
  },
  {
    id: 'idle',
    title: 'a connection on which nothing is written',
    place: 'sender-application',
    verdict: 'clean',
    setUp: async (lab) => ({ ...(await streaming(await tcp(lab))), load: () => Promise.resolve() }),
  },
  {
    id: 'elsewhere',
    title: 'a connection that loses nothing, while another one meets a firewall on the receiver',
    place: 'none',
    verdict: 'clean',
    setUp: async (lab) => {
      const scene = await tcp(lab);
      const { near, far } = scene;
      const { port } = await far.host.agent().udp({ bind: far.address });
      await far.host.nft(drops('input', `udp dport ${port}`, 100));
      const own = await streaming(scene);
      const { socket } = await near.host.agent().udp();
      const other = (): Promise<unknown> => near.host.agent().sendTo(socket, { address: far.address, port }, { count: 500, interval: 0.001 });
      return { ...own, load: async () => [await other(), await near.host.agent().stream(scene.from, RATE, 1)] };
    },
  },
];
