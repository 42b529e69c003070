import { describe, expect, it } from 'vitest';
import { localTransport, type LocalMachine } from '../../src/collect/local.js';
import { TransportError, type RemoteProcess } from '../../src/collect/transport.js';
import { processesWith, token, until } from './support.js';

const machine = (rest: Partial<LocalMachine> = {}): LocalMachine => ({
  platform: 'linux',
  env: { PATH: process.env['PATH'] },
  exists: () => true,
  ...rest,
});

async function text(stream: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

const all = async (one: RemoteProcess): Promise<[string, string, number | null]> => Promise.all([text(one.stdout), text(one.stderr), one.exit]);

describe('the local transport', () => {
  it('starts arguments as they are, without a shell', async () => {
    const transport = localTransport(machine());
    const started = await transport.spawn(['printf', '%s|', '$(reboot)', '-x', 'a b', '*']);
    started.end();
    expect(await all(started)).toEqual(['$(reboot)|-x|a b|*|', '', 0]);
  });

  it('connects input, both outputs and the exit status', async () => {
    const transport = localTransport(machine());
    const started = await transport.spawn(['sh', '-c', 'cat; echo bad >&2; exit 3']);
    await started.write('one ');
    await started.write('two');
    started.end();
    expect(await all(started)).toEqual(['one two', 'bad\n', 3]);
    started.kill();
    started.kill();
  });

  it('ends a program and all of its session, also what ignores SIGTERM and what made a group of its own', async () => {
    const tag = token();
    const env = { PATH: process.env['PATH'], ...Object.fromEntries([tag.split('=')]) };
    const transport = localTransport(machine({ env }));
    const started = await transport.spawn(['sh', '-c', `trap '' TERM; timeout 900 sleep 1000 & sleep 1000; true`]);
    await until('it runs', () => processesWith(tag).length === 4);
    started.kill();
    expect(await all(started)).toEqual(['', '', null]);
    await until('nothing is left', () => processesWith(tag).length === 0);
  });

  it('disposes of everything that it started', async () => {
    const tag = token();
    const env = { PATH: process.env['PATH'], ...Object.fromEntries([tag.split('=')]) };
    const transport = localTransport(machine({ env }));
    await Promise.all([transport.spawn(['sleep', '1000']), transport.spawn(['sh', '-c', 'sleep 1000; true'])]);
    await until('they run', () => processesWith(tag).length === 3);
    await transport.dispose();
    expect(processesWith(tag)).toEqual([]);
  });

  it('starts nothing that outlives it, also what is being started while it is disposed of', async () => {
    const tag = token();
    const env = { PATH: process.env['PATH'], ...Object.fromEntries([tag.split('=')]) };
    const transport = localTransport(machine({ env }));
    const starting = transport.spawn(['sleep', '1000']);
    const refused = expect(starting).rejects.toMatchObject({ reason: 'cancelled' });
    await transport.dispose();
    await refused;
    await expect(transport.spawn(['sleep', '1000'])).rejects.toMatchObject({ reason: 'cancelled' });
    await until('nothing is left', () => processesWith(tag).length === 0);
  });

  it('says why a program cannot be started', async () => {
    const transport = localTransport(machine());
    await expect(transport.spawn(['/nonexistent/program'])).rejects.toMatchObject({ name: 'TransportError', reason: 'unsupported', message: expect.stringContaining('/nonexistent/program') });
    await expect(transport.spawn(['/etc/passwd'])).rejects.toMatchObject({ reason: 'not-permitted' });
    await expect(transport.spawn(['true'], AbortSignal.abort())).rejects.toMatchObject({ reason: 'cancelled' });
  });

  it('reports input that nobody takes', async () => {
    const transport = localTransport(machine());
    const started = await transport.spawn(['true']);
    await all(started);
    await expect(started.write('x')).rejects.toBeInstanceOf(TransportError);
  });

  it.each([
    ['darwin', true],
    ['win32', true],
    ['linux', false],
  ])('refuses where there is nothing to look at: %s', (platform, exists) => {
    expect(() => localTransport(machine({ platform, exists: () => exists }))).toThrow(
      expect.objectContaining({ reason: 'unsupported', how: 'Add an SSH host and look at that.' }),
    );
  });
});
