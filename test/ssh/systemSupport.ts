import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { resolveHost } from '../../src/collect/ssh/config/resolveHost.js';
import { planRoute } from '../../src/collect/ssh/proxyJump.js';
import { connectSystem } from '../../src/collect/ssh/system/connect.js';
import type { SshMachine, SshRequest, SshTransport } from '../../src/collect/ssh/types.js';
import { TransportError } from '../../src/collect/transport.js';
import { startSshd, type TestSshd, type TestSshdOptions } from './sshd.js';
import { machineAt, requestFor } from './support.js';

/** A place for the private folders of a test's connections; `left` names those that are still there. */
export interface RuntimeFolder {
  readonly path: string;
  left(): string[];
  remove(): Promise<void>;
}

export async function makeRuntimeFolder(): Promise<RuntimeFolder> {
  const path = await mkdtemp('/tmp/dl-run-');
  return { path, left: () => readdirSync(path), remove: () => rm(path, { recursive: true, force: true }) };
}

/** A server whose client’s configuration names its known_hosts: ssh takes the home folder from the account, not from us. */
export async function startSystemSshd(options: TestSshdOptions = {}): Promise<TestSshd> {
  const sshd = await startSshd(options);
  await appendFile(join(sshd.home, '.ssh', 'config'), `  UserKnownHostsFile ${sshd.knownHosts}\n`);
  return sshd;
}

/** The machine of a home folder, with the system's ssh and this place for private folders. */
export function systemMachine(home: string, runtime: RuntimeFolder, over: Partial<SshMachine> = {}): SshMachine {
  return machineAt(home, {
    env: new Map([
      ['PATH', process.env['PATH'] ?? ''],
      ['XDG_RUNTIME_DIR', runtime.path],
    ]),
    configFile: join(home, '.ssh', 'config'),
    sshProgram: 'ssh',
    ...over,
  });
}

export function systemRequest(sshd: TestSshd, runtime: RuntimeFolder, over: Partial<SshRequest> = {}): SshRequest {
  return requestFor(sshd, { client: 'system', machine: systemMachine(sshd.home, runtime), ...over });
}

/** Connects with the system's ssh, whatever the choice between the two would be. */
export async function connectBySystem(request: SshRequest): Promise<SshTransport> {
  const { machine, mayRunPrograms, signal, host, user, port } = request;
  const wish = { host, ...(user === undefined ? {} : { user }), ...(port === undefined ? {} : { port }) };
  const route = await planRoute(wish, (each) => resolveHost(each, { machine, mayRunPrograms, signal }));
  return connectSystem(request, route, 'a test');
}

export async function refusalBySystem(request: SshRequest): Promise<TransportError> {
  const error: unknown = await connectBySystem(request).then(
    (transport) => transport.dispose().then(() => new Error('let in')),
    (reason: unknown) => reason,
  );
  if (!(error instanceof TransportError)) throw error;
  return error;
}

/** Processes whose command line holds this text. */
export function running(text: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((name) => {
      try {
        return readFileSync(`/proc/${name}/cmdline`, 'latin1').replaceAll('\0', ' ').includes(text) ? [Number(name)] : [];
      } catch {
        // It has ended meanwhile.
        return [];
      }
    });
}

/** Whether a process runs; one that has ended and was not yet collected does not. */
export function runs(pid: number): boolean {
  return existsSync(`/proc/${pid}`) && !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'latin1'));
}
