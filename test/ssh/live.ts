import { appendFile } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { connectTarget } from '../../src/collect/connect.js';
import { connectSsh } from '../../src/collect/ssh/entry.js';
import type { SshRequest, SshTransport } from '../../src/collect/ssh/types.js';
import { parserFor } from '../../src/core/parse/index.js';
import type { TargetState } from '../../src/protocol/tree.js';
import { LiveTarget } from '../../src/server/liveTarget.js';
import { library } from '../server/fakeHost.js';
import type { TestSshd } from './sshd.js';
import { requestFor } from './support.js';

export interface LiveOverSshd {
  readonly live: LiveTarget;
  readonly states: TargetState[];
  /** Whether each connection that was asked for might have asked a person. */
  readonly connects: boolean[];
}

/** A live target as the server has it, over a real sshd. */
export function liveOver(sshd: TestSshd): LiveOverSshd {
  const states: TargetState[] = [];
  const connects: boolean[] = [];
  const host = { kind: 'ssh', host: sshd.alias, namespace: { kind: 'host' } } as const;
  const live = new LiveTarget('ssh://web-1/', host, {
    library,
    open: async (_target, interactive, signal) => {
      connects.push(interactive);
      const made: { ssh?: SshTransport } = {};
      const ssh = async (): Promise<SshTransport> => (made.ssh = await connectSsh(requestFor(sshd, { interactive, signal })));
      const connection = await connectTarget(host, { ssh, parserFor, signal });
      return Object.assign(connection, { uri: 'ssh://web-1/', ssh: made.ssh });
    },
    changed: (target) => {
      if (JSON.stringify(states.at(-1)) !== JSON.stringify(target.state)) states.push(target.state);
    },
    now: Date.now,
    random: () => 1,
  });
  return { live, states, connects };
}

/** A network between a client and a server, that can be cut. */
export interface Cable {
  /** What to change in a request, so that it goes through this cable. */
  readonly request: Partial<SshRequest>;
  /** Resets the connections, as the death of the client's process or machine does in the end. */
  cut(): void;
  /** Lets nothing more through, in neither direction, and tells nobody. */
  silence(): void;
  stop(): Promise<void>;
}

export async function cableTo(sshd: TestSshd): Promise<Cable> {
  const pairs: [Socket, Socket][] = [];
  const server = createServer({ pauseOnConnect: true }, (client) => {
    const onward = connect({ host: '127.0.0.1', port: sshd.port }, () => {
      client.pipe(onward);
      onward.pipe(client);
    });
    for (const socket of [client, onward]) socket.on('error', () => undefined);
    pairs.push([client, onward]);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  await appendFile(sshd.knownHosts, sshd.hostKeys.map((key) => `[127.0.0.1]:${address.port} ${key}\n`).join(''));
  const cut = (): void => {
    for (const socket of pairs.flat()) socket.destroy();
  };
  return {
    request: { port: address.port },
    cut,
    silence: () => {
      for (const [client, onward] of pairs) {
        client.unpipe(onward).pause();
        onward.unpipe(client).pause();
      }
    },
    stop: async () => {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
