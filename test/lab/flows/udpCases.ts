import { drops, udp, type FlowCase, type FlowScene, type UdpScene } from './case.js';

async function sending(scene: UdpScene, load: () => Promise<unknown> = () => scene.send(200)): Promise<FlowScene> {
  await scene.far.host.agent().swallowUdp(scene.to);
  return { sender: scene.near.host, receiver: scene.far.host, flow: scene.flow, load };
}

export const UDP_CASES: readonly FlowCase[] = [
  {
    id: 'udp-sender-qdisc',
    title: 'datagrams into a shaper with a short queue on the sender',
    place: 'sender-host',
    verdict: 'loss',
    cause: 'qdisc-overlimit',
    setUp: async (lab) => {
      const scene = await udp(lab);
      await scene.near.host.run('tc', 'qdisc', 'add', 'dev', scene.near.dev, 'root', 'tbf', 'rate', '1mbit', 'burst', '1600', 'limit', '3000');
      return sending(scene, () => scene.send(200, 1000, 0));
    },
  },
  {
    id: 'udp-path',
    title: 'one datagram in five dropped by the router',
    place: 'path',
    verdict: 'loss',
    setUp: async (lab) => {
      const scene = await udp(lab);
      await scene.router.nft(drops('forward', 'ip protocol udp', 20));
      return sending(scene);
    },
  },
  {
    id: 'udp-receiver-firewall',
    title: 'datagrams dropped by a rule on the receiver',
    place: 'receiver-host',
    verdict: 'loss',
    cause: 'nf-drop-input',
    setUp: async (lab) => {
      const scene = await udp(lab);
      await scene.far.host.nft(drops('input', `udp dport ${scene.flow.receiver.port}`, 100));
      return sending(scene);
    },
  },
  {
    id: 'udp-receiver-buffer',
    title: 'bursts of datagrams into a small buffer of a program that reads',
    place: 'receiver-host',
    verdict: 'loss',
    cause: 'app-not-reading-udp',
    setUp: async (lab) => {
      const scene = await udp(lab, 2304);
      const host = scene.far.host;
      return {
        sender: scene.near.host,
        receiver: host,
        flow: scene.flow,
        // What comes before anybody reads is the burst; the program then reads all that is left.
        load: async () => {
          await scene.send(50);
          await host.agent().swallowUdp(scene.to);
        },
      };
    },
  },
  {
    id: 'udp-receiver-not-reading',
    title: 'datagrams for a program that does not read',
    place: 'receiver-application',
    verdict: 'loss',
    cause: 'app-not-reading-udp',
    setUp: async (lab) => {
      const scene = await udp(lab, 2304);
      return { sender: scene.near.host, receiver: scene.far.host, flow: scene.flow, load: () => scene.send(50) };
    },
  },
  {
    id: 'udp-clean',
    title: 'datagrams that all arrive',
    place: 'none',
    verdict: 'clean',
    setUp: async (lab) => sending(await udp(lab)),
  },
  {
    id: 'udp-not-alone',
    title: 'lost on the path, but another socket of the sender may have sent what is missing',
    place: 'unknown',
    verdict: 'unknown',
    setUp: async (lab) => {
      const scene = await udp(lab);
      await scene.near.host.agent().udp({ bind: scene.near.address });
      await scene.router.nft(drops('forward', 'ip protocol udp', 20));
      return sending(scene);
    },
  },
];
