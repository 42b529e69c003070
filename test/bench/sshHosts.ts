import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startSshd, type TestSshd } from '../ssh/sshd.js';
import type { ServerOptions } from '../server/client.js';

/** An sshd under several names, and a client's home folder that knows all of them. */
export interface SshHosts {
  readonly sshd: TestSshd;
  /** The environment in which our programs find that home. */
  readonly env: NodeJS.ProcessEnv;
  /** Arguments of `ssh` for the same user, key and known hosts, as far as `ssh` does not take them from HOME. */
  readonly sshArgs: readonly string[];
  readonly server: Pick<ServerOptions, 'runbooks' | 'storage' | 'env'>;
  /** Adds a name that leads to a port, and answers it. */
  name(port: number): Promise<string>;
}

export async function startSshHosts(root: string): Promise<SshHosts> {
  // The default keeps out what comes all at once: ten connections that are not logged in yet (sshd_config(5), MaxStartups).
  const sshd = await startSshd({ config: ['MaxStartups 200'] });
  const config = join(sshd.home, '.ssh', 'config');
  let names = 0;
  const env = { PATH: process.env['PATH'], HOME: sshd.home, XDG_STATE_HOME: sshd.folder };
  return {
    sshd,
    env,
    sshArgs: ['-F', config, '-o', `UserKnownHostsFile=${sshd.knownHosts}`, '-o', 'GlobalKnownHostsFile=/dev/null', '-o', 'IdentityAgent=none'],
    server: { runbooks: join(root, 'media', 'runbooks'), storage: join(sshd.folder, 'storage'), env },
    async name(port) {
      const name = `bench-${++names}`;
      const lines = [`Host ${name}`, '  HostName 127.0.0.1', `  Port ${port}`, `  User ${sshd.user}`, `  IdentityFile ${sshd.clientKey}`];
      await appendFile(config, [...lines, `  HostKeyAlias [127.0.0.1]:${sshd.port}`, ''].join('\n'));
      return name;
    },
  };
}
