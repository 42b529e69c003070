import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { connect } from 'node:net';
import { delimiter, isAbsolute, join } from 'node:path';
import type { ResolvedHost } from './config/resolvedHost.js';
import { knowsOnlyAuthorities } from './hostKeyCheck.js';
import type { SshMachine, SshRequest } from './types.js';

/** What lies on this machine that only the system's `ssh` can use for one host. */
export interface HostFacts {
  /** A Kerberos ticket cache. */
  readonly ticketCache: boolean;
  /** Somebody listens at the host's `ControlPath`: a connection that can be shared. */
  readonly sharedConnection: boolean;
  /** Certificates that OpenSSH finds beside the key files (`KEY-cert.pub`). */
  readonly certificates: readonly string[];
  /** Key files that need a hardware key (FIDO). */
  readonly hardwareKeys: readonly string[];
  /** Whether there is a key file that needs none. */
  readonly plainKeys: boolean;
  /** known_hosts has certificate authorities for the host and no key. */
  readonly authoritiesOnly: boolean;
}

/** How long to wait for whoever listens at a `ControlPath`. */
const SHARED_MS = 500;
/** The default key files that need a hardware key (ssh(1)); they are looked at where no key is configured. */
const HARDWARE_DEFAULTS = ['id_ecdsa_sk', 'id_ed25519_sk'];

/** Looks at this machine. Never rejects: what cannot be looked at is not there. */
export async function hostFacts(host: ResolvedHost, request: SshRequest): Promise<HostFacts> {
  const { machine } = request;
  const keys =
    host.identityFiles.length > 0
      ? host.identityFiles
      : [...host.defaultIdentityFiles, ...HARDWARE_DEFAULTS.map((name) => join(machine.home, '.ssh', name))];
  const [ticketCache, sharedConnection, kinds, certificates, authoritiesOnly] = await Promise.all([
    host.gssapi === 'off' ? false : hasTicketCache(machine),
    host.controlPath === undefined ? false : listens(host.controlPath),
    Promise.all(keys.map((file) => kindOfKey(file, machine))),
    Promise.all(keys.map(async (file) => ((await exists(`${file}-cert.pub`)) ? `${file}-cert.pub` : undefined))),
    knowsOnlyAuthorities(host, request),
  ]);
  return {
    ticketCache,
    sharedConnection,
    certificates: certificates.filter((file) => file !== undefined),
    hardwareKeys: keys.filter((_file, index) => kinds[index] === 'hardware'),
    plainKeys: kinds.includes('plain'),
    authoritiesOnly,
  };
}

/** Whether the system's `ssh` can be started. */
export async function hasSsh(machine: SshMachine): Promise<boolean> {
  const program = machine.sshProgram;
  if (program === undefined) return false;
  if (isAbsolute(program)) return isExecutable(program);
  const endings = process.platform === 'win32' ? ['', '.exe'] : [''];
  const folders = (machine.env.get('PATH') ?? machine.env.get('Path') ?? '').split(delimiter).filter((folder) => folder !== '');
  for (const folder of folders) {
    for (const ending of endings) if (await isExecutable(join(folder, program + ending))) return true;
  }
  return false;
}

/** `KRB5CCNAME`, or the usual file (kerberos(7)). A cache that is not a file is there when it is named. */
function hasTicketCache(machine: SshMachine): Promise<boolean> {
  const name = machine.env.get('KRB5CCNAME');
  const kind = /^([A-Za-z]{2,}):/.exec(name ?? '')?.[1];
  if (name === undefined) return exists(`/tmp/krb5cc_${process.getuid?.() ?? 0}`);
  if (kind === undefined) return exists(name);
  return /^(?:file|dir)$/i.test(kind) ? exists(name.slice(kind.length + 1)) : Promise.resolve(true);
}

function listens(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path, timeout: SHARED_MS });
    const answer = (there: boolean): void => {
      socket.destroy();
      resolve(there);
    };
    socket.on('connect', () => answer(true)).on('timeout', () => answer(false)).on('error', () => answer(false));
  });
}

/** The public half stands unencrypted in a private key file of OpenSSH, and names its type (PROTOCOL.key). */
async function kindOfKey(file: string, machine: SshMachine): Promise<'hardware' | 'plain' | 'none'> {
  const text = await machine.files.read(file).catch(() => undefined);
  if (text === undefined) return 'none';
  const body = /-----BEGIN OPENSSH PRIVATE KEY-----([A-Za-z0-9+/=\s]+)-----END/.exec(text)?.[1];
  const inside = body === undefined ? text.slice(0, 100) : Buffer.from(body, 'base64').toString('latin1');
  return /sk-(?:ssh-ed25519|ecdsa-sha2-nistp256)@openssh\.com/.test(inside) ? 'hardware' : 'plain';
}

function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}

function isExecutable(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}
