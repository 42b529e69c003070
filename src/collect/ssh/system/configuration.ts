import { join, resolve } from 'node:path';
import type { ResolvedHost } from '../config/resolvedHost.js';
import type { SshMachine } from '../types.js';
import type { PrivateFolder } from './folder.js';

/** `modern`: every option that is wanted; `old`: without those that OpenSSH before 8.7 does not know. */
export type Dialect = 'modern' | 'old';

/**
 * The configuration that `ssh` is started with: what must hold first, since the first value counts (ssh_config(5)), then
 * the usual files. It is a file, and not options of the command line, because `ssh` hands a file on to the hops of
 * `ProxyJump`, and options not.
 *
 * Host keys: with `StrictHostKeyChecking yes` ssh neither asks nor writes. It takes what known_hosts says, and for
 * the rest runs `KnownHostsCommand`, which is a question to us.
 */
export function configurationText(host: ResolvedHost, machine: SshMachine, folder: PrivateFolder, dialect: Dialect): string {
  const seconds = (ms: number): number => Math.max(1, Math.ceil(ms / 1000));
  const modern = [
    ...(asksForHostKeys(host) ? [`KnownHostsCommand /bin/sh ${folder.file('host-key')} %I %H %K`] : []),
    'ForkAfterAuthentication no',
    'StdinNull no',
  ];
  return [
    ...(dialect === 'modern' ? modern : []),
    'StrictHostKeyChecking yes',
    'UpdateHostKeys no',
    'CheckHostIP no',
    'NoHostAuthenticationForLocalhost no',
    'VisualHostKey no',
    'ForwardAgent no',
    'ForwardX11 no',
    'ClearAllForwardings yes',
    'Tunnel no',
    'PermitLocalCommand no',
    'RemoteCommand none',
    'RequestTTY no',
    'EscapeChar none',
    'ControlMaster no',
    'ControlPersist no',
    'LogLevel INFO',
    'ConnectionAttempts 1',
    `ConnectTimeout ${seconds(host.connectTimeoutMs)}`,
    `ServerAliveInterval ${seconds(host.keepAliveMs)}`,
    `ServerAliveCountMax ${Math.max(1, host.keepAliveCount)}`,
    `NumberOfPasswordPrompts ${Math.max(1, host.passwordPrompts)}`,
    ...filesOf(machine).map((file) => `Include ${included(file)}`),
    '',
  ].join('\n');
}

/** Whether unknown keys come to us: not where the person has a command of their own for that. */
export function asksForHostKeys(host: ResolvedHost): boolean {
  return !host.onlySystem.includes('KnownHostsCommand');
}

function filesOf(machine: SshMachine): string[] {
  if (machine.configFile !== undefined) return [resolve(machine.configFile)];
  return [join(machine.home, '.ssh', 'config'), '/etc/ssh/ssh_config'];
}

/** A path for `Include`, which takes quotes for spaces and a pattern of glob(7) inside them. */
function included(path: string): string {
  return `"${path.replace(/[*?[\]\\]/g, '\\$&').replace(/"/g, '?')}"`;
}
