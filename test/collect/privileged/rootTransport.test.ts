import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { localTransport } from '../../../src/collect/local.js';
import { asRoot, type RootWay } from '../../../src/collect/privileged/rootTransport.js';
import { TransportError, type RemoteProcess, type Transport } from '../../../src/collect/transport.js';
import { processesWith, token, until } from '../support.js';

const PASSWORD = `ps-${Math.floor(performance.now() * 1e6)}-Ünï $(x) '"`;

/**
 * Stands for sudo: like it, it asks on stderr with the prompt it was given, reads one line of its input byte by byte, asks
 * again after a wrong one, and starts the rest of its arguments. It complains, as sudo does where the host's name is not
 * in /etc/hosts, and notes how it was called.
 */
const FAKE = `#!/bin/sh
here=$(dirname "$0")
{ for word in "$@"; do printf '%s\\n' "$word"; done; echo --; env; echo ==; } >>"$here/calls"
ask= prompt=
while [ "$#" -gt 0 ]; do
case $1 in -n) ask=never;; -S) ask=stdin;; -k) ;; -p) prompt=$2; shift;; --) shift; break;; esac
shift
done
mode=$(cat "$here/mode")
echo 'sudo: unable to resolve host web-1: Name or service not known' >&2
case $mode in
refuse) echo 'tester is not in the sudoers file.' >&2; exit 1;;
free) exec "$@";;
silent) exec sleep 60;;
esac
[ "$ask" = stdin ] || { echo 'sudo: a password is required' >&2; exit 1; }
for try in 1 2 3; do
printf %s "$prompt" >&2
read -r line || { echo 'sudo: no password was provided' >&2; exit 1; }
[ "$line" != "$(cat "$here/password")" ] || exec "$@"
echo 'Sorry, try again.' >&2
done
exit 1
`;

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'droplens-sudo-'));
  writeFileSync(join(folder, 'sudo'), FAKE);
  chmodSync(join(folder, 'sudo'), 0o755);
  writeFileSync(join(folder, 'password'), PASSWORD);
});

afterAll(() => rmSync(folder, { recursive: true }));

function machine(mode: string): { readonly transport: Transport; readonly entry: string } {
  writeFileSync(join(folder, 'mode'), mode);
  writeFileSync(join(folder, 'calls'), '');
  const entry = token();
  const [key = '', value = ''] = entry.split('=');
  const env = { ...process.env, [key]: value, PATH: `${folder}:${process.env['PATH'] ?? ''}` };
  return { transport: localTransport({ platform: 'linux', env, exists: () => true }), entry };
}

async function text(stream: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

/** Starts a shell as root, gives it a program and its output. */
async function runAsRoot(transport: Transport, way: RootWay, program: string): Promise<{ readonly out: string; readonly err: string }> {
  const shell = await asRoot(transport, way, 'web-1').spawn(['sh']);
  const done = Promise.all([text(shell.stdout), text(shell.stderr)]);
  await shell.write(program);
  shell.end();
  const [out, err] = await done;
  return { out, err };
}

async function refusal(transport: Transport, way: RootWay): Promise<TransportError> {
  const started: RemoteProcess | unknown = await asRoot(transport, way, 'web-1').spawn(['sh']).catch((error: unknown) => error);
  if (!(started instanceof TransportError)) throw new Error('it was not refused');
  return started;
}

describe('becoming root', () => {
  it('a connection of root needs no sudo', async () => {
    const { transport } = machine('refuse');
    expect(asRoot(transport, { kind: 'root' }, 'web-1')).toBe(transport);
    await transport.dispose();
  });

  it('sudo without a password: the program gets its input and both outputs whole', async () => {
    const { transport } = machine('free');
    const { out, err } = await runAsRoot(transport, { kind: 'sudo' }, 'echo out; echo err >&2; echo more\n');
    expect([out, err]).toEqual(['out\nmore\n', 'err\n']);
    expect(readFileSync(join(folder, 'calls'), 'utf8').split('\n')[0]).toBe('-n');
    await transport.dispose();
  });

  it('a password is written only to sudo’s input: not to an argument, not to the environment, not to an output', async () => {
    const { transport, entry } = machine('password');
    const shell = await asRoot(transport, { kind: 'password', password: PASSWORD }, 'web-1').spawn(['sh']);
    const outputs = Promise.all([text(shell.stdout), text(shell.stderr)]);
    await shell.write('sleep 30 & wait\n');
    await until('the program runs', () => processesWith(entry).some((pid) => commandLine(pid).startsWith('sleep')));
    for (const pid of processesWith(entry)) {
      expect(commandLine(pid)).not.toContain(PASSWORD);
      expect(readFileSync(`/proc/${pid}/environ`, 'utf8')).not.toContain(PASSWORD);
    }
    shell.kill();
    expect((await outputs).join('')).not.toContain(PASSWORD);
    const calls = readFileSync(join(folder, 'calls'), 'utf8');
    expect(calls).not.toContain(PASSWORD);
    expect(calls.split('\n').slice(0, 3)).toEqual(['-S', '-k', '-p']);
    await transport.dispose();
  });

  it('where sudo does not ask, the password is not written at all', async () => {
    const { transport } = machine('free');
    const { out, err } = await runAsRoot(transport, { kind: 'password', password: PASSWORD }, 'cat <<X\nline\nX\n');
    expect([out, err]).toEqual(['line\n', '']);
    await transport.dispose();
  });

  it('a wrong password is said to be wrong at once, and nothing is left running', async () => {
    const { transport, entry } = machine('password');
    const error = await refusal(transport, { kind: 'password', password: 'not it' });
    expect([error.reason, error.message]).toEqual(['authentication', 'sudo on web-1 did not accept the password.']);
    await until('no process is left', () => processesWith(entry).length === 0);
    await transport.dispose();
  });

  it('sudo that wants a password, without one', async () => {
    const { transport } = machine('password');
    const error = await refusal(transport, { kind: 'sudo' });
    expect([error.reason, error.message]).toEqual(['authentication', 'sudo on web-1 needs a password.']);
    await transport.dispose();
  });

  it('a user who may not use sudo is told so in sudo’s words', async () => {
    const { transport } = machine('refuse');
    const error = await refusal(transport, { kind: 'sudo' });
    expect([error.reason, error.message]).toEqual(['not-permitted', 'sudo on web-1 does not let this user become root: tester is not in the sudoers file.']);
    await transport.dispose();
  });

  it('a host without sudo', async () => {
    const env = { ...process.env, PATH: mkdtempSync(join(folder, 'empty-')) };
    const transport = localTransport({ platform: 'linux', env: { ...env, PATH: `${env.PATH}:${onlyEnv()}` }, exists: () => true });
    const error = await refusal(transport, { kind: 'sudo' });
    expect([error.reason, error.message]).toEqual(['unsupported', 'sudo is not installed on web-1.']);
    await transport.dispose();
  });

  it('cancelling while sudo is silent ends it', async () => {
    const { transport, entry } = machine('silent');
    const abort = new AbortController();
    const started = asRoot(transport, { kind: 'sudo' }, 'web-1').spawn(['sh'], abort.signal);
    const outcome = started.catch((error: unknown) => error);
    await until('sudo runs', () => processesWith(entry).some((pid) => commandLine(pid).includes('sleep')));
    abort.abort();
    expect(await outcome).toMatchObject({ reason: 'cancelled' });
    await until('no process is left', () => processesWith(entry).length === 0);
    await transport.dispose();
  });
});

/** The real sudo, for a user that exists only while the test runs. Root alone can make one. */
const real = existsSync('/usr/bin/sudo') && process.getuid?.() === 0;

describe.runIf(real)('the real sudo', () => {
  const user = `dl${process.pid}`;
  beforeAll(() => {
    succeed('useradd', '--no-create-home', '--shell', '/bin/sh', user);
    succeed('chpasswd', [], `${user}:right-one`);
  });
  afterAll(() => {
    rmSync(`/etc/sudoers.d/${user}`, { force: true });
    rmSync(`/run/sudo/ts/${user}`, { force: true });
    succeed('userdel', user);
  });

  /** Starts programs as that user. */
  function asUser(): Transport {
    const local = localTransport();
    return { ...local, spawn: (argv, signal) => local.spawn(['setpriv', `--reuid=${user}`, '--clear-groups', `--inh-caps=-all`, ...argv], signal) };
  }

  it('refuses a user who is not in sudoers, asks for a password, refuses a wrong one, takes the right one', async () => {
    const transport = asUser();
    expect((await refusal(transport, { kind: 'password', password: 'right-one' })).reason).toBe('not-permitted');
    writeFileSync(`/etc/sudoers.d/${user}`, `${user} ALL=(ALL) ALL\n`, { mode: 0o440 });
    expect((await refusal(transport, { kind: 'sudo' })).message).toBe('sudo on web-1 needs a password.');
    expect((await refusal(transport, { kind: 'password', password: 'wrong-one' })).message).toBe('sudo on web-1 did not accept the password.');
    const { out } = await runAsRoot(transport, { kind: 'password', password: 'right-one' }, 'id -u; cat <<X\nrest\nX\n');
    expect(out).toBe('0\nrest\n');
    // sudo has forgotten it at once: nobody else can use it.
    expect((await refusal(transport, { kind: 'sudo' })).message).toBe('sudo on web-1 needs a password.');
    writeFileSync(`/etc/sudoers.d/${user}`, `${user} ALL=(ALL) NOPASSWD: ALL\n`, { mode: 0o440 });
    expect((await runAsRoot(transport, { kind: 'sudo' }, 'id -u\n')).out).toBe('0\n');
    expect((await runAsRoot(transport, { kind: 'password', password: 'right-one' }, 'id -u; cat <<X\nrest\nX\n')).out).toBe('0\nrest\n');
    await transport.dispose();
  });
});

function succeed(program: string, ...args: readonly (string | readonly string[])[]): void {
  const input = args.length === 2 && Array.isArray(args[0]) ? String(args[1]) : undefined;
  const words = input === undefined ? args.map(String) : [];
  const ran = spawnSync(program, words, { encoding: 'utf8', ...(input === undefined ? {} : { input }) });
  if (ran.status !== 0) throw new Error(`${program}: ${ran.stderr}`);
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

/** A folder with env and nothing else. */
function onlyEnv(): string {
  const only = mkdtempSync(join(folder, 'env-'));
  const where = (process.env['PATH'] ?? '').split(':').find((path) => existsSync(path) && readdirSync(path).includes('env'));
  writeFileSync(join(only, 'env'), `#!/bin/sh\nexec ${where}/env "$@"\n`, { mode: 0o755 });
  return only;
}
