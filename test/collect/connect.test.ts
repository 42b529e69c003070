import { describe, expect, it } from 'vitest';
import { parserFor } from '../../src/core/parse/index.js';
import { connectTarget, type ConnectOptions } from '../../src/collect/connect.js';
import { localTransport } from '../../src/collect/local.js';
import { TransportError, type Transport } from '../../src/collect/transport.js';

const noSsh: ConnectOptions = {
  ssh: () => Promise.reject(new TransportError('unreachable', 'no network')),
  parserFor,
};

describe('connectTarget', () => {
  it('looks at this machine', async () => {
    const connection = await connectTarget({ kind: 'local', namespace: { kind: 'host' } }, { ...noSsh, tools: ['cat'] });
    expect(connection.session.host.tools.has('cat')).toBe(true);
    expect(connection.entry).toEqual({ prefix: [], inNamespace: false });
    await connection.close();
    await expect(connection.session.sample(new Set(['fast']))).rejects.toMatchObject({ reason: 'cancelled' });
  });

  it('looks at an SSH host through the transport that it is given', async () => {
    const asked: unknown[] = [];
    const ssh = async (target: unknown): Promise<Transport> => {
      asked.push(target);
      return localTransport();
    };
    const target = { kind: 'ssh', host: 'web-1', namespace: { kind: 'host' } } as const;
    const connection = await connectTarget(target, { ...noSsh, ssh });
    expect(asked).toEqual([target]);
    await connection.close();
    await expect(connectTarget(target, noSsh)).rejects.toMatchObject({ reason: 'unreachable', message: 'no network' });
  });

  it('closes what it opened when the namespace cannot be entered', async () => {
    let disposed = 0;
    const ssh = async (): Promise<Transport> => {
      const local = localTransport();
      return { ...local, dispose: async () => void disposed++ };
    };
    await expect(
      connectTarget({ kind: 'ssh', host: 'web-1', namespace: { kind: 'netns', name: 'no-such-namespace' } }, { ...noSsh, ssh }),
    ).rejects.toMatchObject({ message: 'There is no network namespace no-such-namespace on web-1.' });
    expect(disposed).toBe(1);
  });
});
