import { homedir, userInfo } from 'node:os';
import { localConfigFiles } from './config/configFiles.js';
import type { SshMachine } from './types.js';

/** Where the agent of Windows' own OpenSSH listens. */
const WINDOWS_AGENT = String.raw`\\.\pipe\openssh-ssh-agent`;

/** The machine that this process runs on. Rejected by nothing: a missing agent or user name shows when it is needed. */
export function thisMachine(): SshMachine {
  const env = new Map<string, string>();
  for (const [name, value] of Object.entries(process.env)) if (value !== undefined) env.set(name, value);
  return {
    home: homedir(),
    userName: localUser(env),
    env,
    // Empty means no agent, as for ssh(1).
    agentSocket: env.has('SSH_AUTH_SOCK') ? env.get('SSH_AUTH_SOCK') || undefined : (process.platform === 'win32' ? WINDOWS_AGENT : undefined),
    files: localConfigFiles,
    configFile: undefined,
    sshProgram: 'ssh',
  };
}

function localUser(env: ReadonlyMap<string, string>): string {
  try {
    return userInfo().username;
  } catch {
    // A process under a user number without an account has no name (os.userInfo throws then).
    return env.get('USER') ?? env.get('USERNAME') ?? '';
  }
}
