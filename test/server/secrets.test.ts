import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ssh2 from 'ssh2';
import * as v from 'valibot';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { ServerNotifications, ServerRequests } from '../../src/protocol/messages.js';
import { bundle, type Bundled } from '../support/bundle.js';
import { startServer, type TestServer } from './client.js';

const runbooks = join(__dirname, '..', '..', 'media', 'runbooks');
const PASSPHRASE = 'planted-passphrase-4711';
const PASSWORD = 'planted-password-4712';
const CODE = 'planted-code-4713';
const PLANTED = /planted-/;

type Question = v.InferOutput<typeof ServerRequests.askSecret.params>;

let built: Bundled;
let home: string;
let server: TestServer;
let stderr: string;
let asked: Question[];
let answer: (question: Question, cancelled: Promise<void>) => Promise<string | null> | string | null;
let host: ssh2.Server | undefined;

beforeAll(async () => {
  built = await bundle('server/main.ts', 'server');
});
afterAll(() => built.remove());
afterEach(async () => {
  await server.stop();
  host?.close();
  rmSync(home, { recursive: true, force: true });
});

/** Starts a host that takes what `lets` says, and a server of ours that knows its key. */
async function start(lets: (context: ssh2.AuthContext) => void): Promise<string> {
  home = mkdtempSync(join(tmpdir(), 'droplens-secrets-'));
  const ssh = join(home, '.ssh');
  mkdirSync(ssh, { mode: 0o700 });
  for (const [name, passphrase] of [['host', ''], ['locked', PASSPHRASE]] as const) {
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', passphrase, '-f', join(ssh, name)]);
  }
  const listening = new ssh2.Server({ hostKeys: [readFileSync(join(ssh, 'host'))] }, (client) => {
    client.on('error', () => undefined).on('authentication', lets);
  });
  host = listening;
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  const { port } = listening.address() as AddressInfo;
  writeFileSync(join(ssh, 'known_hosts'), `[127.0.0.1]:${port} ${readFileSync(join(ssh, 'host.pub'), 'utf8')}`);
  writeFileSync(join(ssh, 'config'), `Host web-1\n  HostName 127.0.0.1\n  Port ${port}\n  User ann\n  IdentityFile ${join(ssh, 'locked')}\n`);
  server = await startServer(built.file, {
    runbooks,
    storage: join(home, 'storage'),
    env: { ...process.env, HOME: home, SSH_AUTH_SOCK: '' },
    stderr: 'pipe',
  });
  stderr = '';
  asked = [];
  server.process.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  server.rpc.onRequest(ServerRequests.askSecret.method, async (raw: unknown, token) => {
    const question = v.parse(ServerRequests.askSecret.params, raw);
    asked.push(question);
    const cancelled = new Promise<void>((resolve) => token.onCancellationRequested(() => resolve()));
    return { value: await answer(question, cancelled) };
  });
  return 'ssh://web-1/';
}

const connect = (target: string, interactive: boolean): Promise<unknown> => server.rpc.sendRequest('droplens/connect', { target, interactive });
const verdicts = (): string[] =>
  server.received(ServerNotifications.secretProved.method).map((raw) => {
    const { host: name, about, worth } = v.parse(ServerNotifications.secretProved.params, raw);
    return `${name} ${about.kind} ${worth}`;
  });

/** Everything that our server told, by whichever way, but its questions. */
function told(error: unknown): string {
  const data = error instanceof Error ? [error.message, error.stack, JSON.stringify(error)] : [String(error)];
  return [...data, stderr, JSON.stringify(server.everything())].join('\n');
}

/** Command lines and environments of our server and of all that it started. */
function processes(): string {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids
    .map((pid) => {
      try {
        const environment = readFileSync(`/proc/${pid}/environ`, 'utf8');
        return environment.includes(`HOME=${home}\0`) ? readFileSync(`/proc/${pid}/cmdline`, 'utf8') + environment : '';
      } catch {
        // It has ended, or belongs to somebody else.
        return '';
      }
    })
    .join('\n');
}

test('what is typed reaches no log, no error, no message and no command line', async () => {
  let seen = '';
  const target = await start((context) => {
    seen += processes();
    if (context.method === 'publickey') {
      if (context.signature === undefined) context.accept();
      else context.reject(['password', 'keyboard-interactive']);
    } else if (context.method === 'keyboard-interactive') {
      context.prompt([{ prompt: 'Code', echo: true }], () => context.reject(['password', 'keyboard-interactive']));
    } else context.reject(['publickey', 'password', 'keyboard-interactive']);
  });
  answer = ({ about }) => (about.kind === 'passphrase' ? PASSPHRASE : about.kind === 'password' ? PASSWORD : CODE);
  const error: unknown = await connect(target, true).catch((reason: unknown) => reason);
  expect(new Set(asked.map(({ about }) => about.kind))).toEqual(new Set(['passphrase', 'password', 'question']));
  expect(String(error)).toContain('did not let ann in');
  expect(told(error)).not.toMatch(PLANTED);
  expect(seen).toContain('HOME=');
  expect(seen).not.toMatch(PLANTED);
  for (const file of readdirSync(home, { recursive: true, withFileTypes: true })) {
    if (file.isFile()) expect(readFileSync(join(file.parentPath, file.name), 'latin1')).not.toMatch(PLANTED);
  }
});

test('says of each answer what it was worth, in time for the next question', async () => {
  const target = await start((context) => {
    if (context.method === 'password' && context.password === PASSWORD) context.accept();
    else context.reject(['password']);
  });
  answer = ({ wrong }) => (wrong === 0 ? 'old' : PASSWORD);
  // It lets in, and then has no shell: the password was right all the same.
  await expect(connect(target, true)).rejects.toThrow();
  await server.until(ServerNotifications.secretProved.method, ({ worth }: { worth: string }) => worth === 'right');
  expect(verdicts()).toEqual(['ann@web-1 password wrong', 'ann@web-1 password right']);
  expect(asked.map(({ wrong, interactive }) => [wrong, interactive])).toEqual([[0, true], [1, true]]);
});

test('a kept password that the host does not take ends as wrong, though nobody is asked again', async () => {
  const target = await start((context) => context.reject(['password']));
  answer = ({ wrong }) => (wrong === 0 ? 'kept' : null);
  await expect(connect(target, false)).rejects.toThrow('did not let ann in');
  await server.until(ServerNotifications.secretProved.method, ({ worth }: { worth: string }) => worth === 'wrong');
  expect(asked.every(({ interactive }) => !interactive)).toBe(true);
});

test('a question is taken back when the connection no longer waits for it', async () => {
  let hangUp = (): void => undefined;
  const target = await start((context) => {
    context.reject(['password']);
  });
  host?.on('connection', (client) => (hangUp = () => void client.end()));
  let back = false;
  answer = async (_question, cancelled) => {
    hangUp();
    await cancelled;
    back = true;
    return null;
  };
  await expect(connect(target, true)).rejects.toThrow();
  await expect.poll(() => back).toBe(true);
});

test('accepted host keys are listed and forgotten', async () => {
  const target = await start((context) => context.accept());
  await connect(target, false).catch(() => undefined);
  const list = async (): Promise<readonly { host: string; fingerprint: string }[]> =>
    ((await server.rpc.sendRequest('droplens/hostKeys', {})) as { keys: { host: string; fingerprint: string }[] }).keys;
  const expected = execFileSync('ssh-keygen', ['-lf', join(home, '.ssh/host.pub')], { encoding: 'utf8' }).split(' ')[1];
  const [key] = await list();
  expect(key).toMatchObject({ host: expect.stringMatching(/^\[127\.0\.0\.1\]:\d+$/) as string, keyType: 'ssh-ed25519', fingerprint: expected });
  const forget = { host: key?.host, fingerprint: key?.fingerprint };
  expect(await server.rpc.sendRequest('droplens/hostKeys/forget', forget)).toEqual({ forgotten: true });
  expect(await server.rpc.sendRequest('droplens/hostKeys/forget', forget)).toEqual({ forgotten: false });
  expect(await list()).toEqual([]);
});

test('another configuration file takes effect with the next connection', async () => {
  const target = await start((context) => context.reject(['publickey']));
  answer = () => '';
  await expect(connect(target, false)).rejects.toThrow('did not let ann in');
  writeFileSync(join(home, 'other'), readFileSync(join(home, '.ssh/config'), 'utf8').replace('User ann', 'User bob').replace('web-1', 'web-1 web-2'));
  await server.rpc.sendNotification('droplens/ssh/options', { client: 'ssh2', configFile: '~/other', mayRunPrograms: false });
  await expect(connect(target, false)).rejects.toThrow('did not let bob in');
  expect(await server.rpc.sendRequest('droplens/ssh/hosts', {})).toEqual({ hosts: ['web-1', 'web-2'] });
});
