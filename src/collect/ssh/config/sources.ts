import { join } from 'node:path';
import type { SshMachine } from '../types.js';

/** One configuration file to read, and the folder to which its relative `Include` paths belong. */
export interface ConfigSource {
  readonly path: string;
  readonly folder: string;
}

/** The files that ssh(1) reads, the user's first; with `-F` only the file that was given. */
export function configSources(machine: SshMachine): ConfigSource[] {
  const folder = join(machine.home, '.ssh');
  // A file given with -F counts as a user's: its relative includes belong to ~/.ssh (readconf.c, SSHCONF_USERCONF).
  if (machine.configFile !== undefined) return [{ path: machine.configFile, folder }];
  return [
    { path: join(folder, 'config'), folder },
    { path: '/etc/ssh/ssh_config', folder: '/etc/ssh' },
  ];
}
