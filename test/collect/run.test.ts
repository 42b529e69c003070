import { spawn } from 'node:child_process';
import { afterEach, describe, expect, it } from 'vitest';
import { localTransport, type LocalMachine } from '../../src/collect/local.js';
import { runScript, type RunRequest } from '../../src/collect/run.js';
import { TransportError, type Transport } from '../../src/collect/transport.js';
import { processesWith, SHELLS, shellArgv, token, until } from './support.js';

const open: Transport[] = [];

/** A transport whose processes carry a token in their environment. */
function tagged(tag: string): Transport {
  const [name = '', value = ''] = tag.split('=');
  const machine: LocalMachine = { platform: 'linux', env: { PATH: process.env['PATH'], [name]: value }, exists: () => true };
  const transport = localTransport(machine);
  open.push(transport);
  return transport;
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((transport) => transport.dispose()));
});

describe.each(SHELLS)('a script kept by %s', (name) => {
  const request = (script: string, rest: Partial<RunRequest> = {}): RunRequest => ({
    script,
    env: new Map(),
    timeoutSeconds: 20,
    shell: shellArgv(name),
    ...rest,
  });

  it('gives both outputs in order, and the exit status', async () => {
    const outcome = await runScript(tagged(token()), request('echo one; echo two >&2; echo three; exit 7'));
    expect(outcome).toMatchObject({ kind: 'done', exit: 7, output: 'one\ntwo\nthree\n', truncated: false, timedOut: false });
  });

  it('passes values as values', async () => {
    const value = `$(echo hacked) '"\`\n-x; é`;
    const outcome = await runScript(tagged(token()), request('printf "<%s>" "$HOST"', { env: new Map([['HOST', value]]) }));
    expect(outcome).toMatchObject({ kind: 'done', exit: 0, output: `<${value}>` });
  });

  it('gives the script no input', async () => {
    expect(await runScript(tagged(token()), request('cat; echo end'))).toMatchObject({ exit: 0, output: 'end\n' });
  });

  it('ends what a finished script left running', async () => {
    const tag = token();
    const outcome = await runScript(tagged(tag), request('sleep 1000 & timeout 900 sleep 1000 & echo started'));
    expect(outcome).toMatchObject({ kind: 'done', exit: 0, output: 'started\n' });
    expect(processesWith(tag)).toEqual([]);
  });

  it('ends everything when the time is over', async () => {
    const tag = token();
    const outcome = await runScript(
      tagged(tag),
      request('echo begun; sleep 1000 & timeout 900 sh -c "sleep 1000; true" & sleep 1000', { timeoutSeconds: 0.3 }),
    );
    expect(outcome).toMatchObject({ kind: 'done', exit: null, output: 'begun\n', timedOut: true });
    await until('nothing is left', () => processesWith(tag).length === 0);
  });

  it('ends everything on cancel, also what ignores SIGTERM', async () => {
    const tag = token();
    const cancel = new AbortController();
    const running = runScript(tagged(tag), request(`trap '' TERM; (sleep 1000; true) & sleep 1000; sleep 1000`), cancel.signal);
    await until('the script runs', () => processesWith(tag).length >= 5);
    cancel.abort();
    expect(await running).toEqual({ kind: 'cancelled' });
    await until('nothing is left', () => processesWith(tag).length === 0);
  });

  it('ends everything when our side is killed', async () => {
    const tag = token();
    const [variable = '', value = ''] = tag.split('=');
    // A client of its own, so that it can be killed the hard way: it starts the script and never reads on.
    const client = spawn(process.execPath, ['-e', CLIENT], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { PATH: process.env['PATH'], PROGRAM: await programOf(request(`sleep 1000 & timeout 900 sleep 1000`)), SHELL_ARGV: shellArgv(name).join(' '), TAG_NAME: variable, TAG_VALUE: value },
    });
    await until('the script runs', () => processesWith(tag).length >= 5);
    client.kill('SIGKILL');
    await until('nothing is left', () => processesWith(tag).length === 0);
  });

  it('ends everything when the transport is disposed of', async () => {
    const tag = token();
    const transport = tagged(tag);
    const running = runScript(transport, request('timeout 900 sleep 1000 & sleep 1000'));
    await until('the script runs', () => processesWith(tag).length >= 5);
    await transport.dispose();
    await running;
    await until('nothing is left', () => processesWith(tag).length === 0);
  });

  it('ends a script that prints without end, and keeps the beginning', async () => {
    const tag = token();
    const outcome = await runScript(tagged(tag), request('yes', { maxBytes: 1000 }));
    expect(outcome).toMatchObject({ kind: 'done', exit: null, output: 'y\n'.repeat(500), truncated: true, timedOut: false });
    await until('nothing is left', () => processesWith(tag).length === 0);
  });
});

/** Starts the shell as the local transport does, feeds it the program, and waits to be killed. */
const CLIENT = `
const [program, ...args] = process.env.SHELL_ARGV.split(' ');
const child = require('node:child_process').spawn(program, args, {
  detached: true, stdio: ['pipe', 'pipe', 'pipe'],
  env: { PATH: process.env.PATH, [process.env.TAG_NAME]: process.env.TAG_VALUE },
});
child.stdin.write(process.env.PROGRAM);
setInterval(() => {}, 1000);
`;

/** What runScript feeds to the shell. */
async function programOf(request: RunRequest): Promise<string> {
  let program = '';
  const never = (async function* (): AsyncGenerator<Uint8Array> {})();
  await runScript(
    {
      lost: new Promise(() => {}),
      dispose: async () => {},
      spawn: async () => ({
        stdout: never,
        stderr: never,
        write: async (data) => {
          program += data;
        },
        end: () => {},
        kill: () => {},
        exit: Promise.resolve(0),
      }),
    },
    request,
  ).catch(() => undefined);
  return program;
}

describe('runScript', () => {
  it('says what the host said when there is no shell', async () => {
    await expect(
      runScript(tagged(token()), {
        script: 'true',
        env: new Map(),
        timeoutSeconds: 5,
        shell: ['sh', '-c', 'echo "This account is not available." >&2; exit 1'],
      }),
    ).rejects.toMatchObject({ name: 'TransportError', message: expect.stringContaining('This account is not available.') });
  });

  it('skips the banner of a login shell, and strips escape sequences', async () => {
    const outcome = await runScript(tagged(token()), {
      script: `printf '\\033[31mred\\033[0m\\n'`,
      env: new Map(),
      timeoutSeconds: 5,
      shell: ['sh', '-c', 'echo Welcome; exec sh'],
    });
    expect(outcome).toMatchObject({ exit: 0, output: 'red\n' });
  });

  it('refuses a name that is no variable', async () => {
    await expect(
      runScript(tagged(token()), { script: 'true', env: new Map([['A;reboot', 'x']]), timeoutSeconds: 5 }),
    ).rejects.toThrow(RangeError);
  });
});

it('lets go of a connection when it is over', async () => {
  const inner = tagged(token());
  let kills = 0;
  let lose: (error: TransportError) => void = () => undefined;
  const lost = new Promise<TransportError>((resolve) => (lose = resolve));
  const transport: Transport = {
    lost,
    dispose: () => inner.dispose(),
    spawn: async (argv, signal) => {
      const one = await inner.spawn(argv, signal);
      const kill = one.kill.bind(one);
      return Object.assign(one, { kill: () => { kills += 1; kill(); } });
    },
  };
  expect(await runScript(transport, { script: 'echo one', env: new Map(), timeoutSeconds: 20 })).toMatchObject({ output: 'one\n' });
  const before = kills;
  lose(new TransportError('lost', 'The connection was lost.'));
  await lost;
  await new Promise((resolve) => setImmediate(resolve));
  expect(kills).toBe(before);
});
