import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** An ssh-agent of the test's own. */
export interface TestAgent {
  readonly socket: string;
  add(keyFile: string): Promise<void>;
  stop(): void;
}

/** Starts ssh-agent in the foreground with its socket in `folder`. */
export async function startAgent(folder: string): Promise<TestAgent> {
  const socket = join(folder, 'agent.sock');
  const child = spawn('ssh-agent', ['-D', '-a', socket], { stdio: ['ignore', 'pipe', 'inherit'] });
  // It prints the socket's name once it listens.
  await once(child.stdout, 'data');
  const env = { ...process.env, SSH_AUTH_SOCK: socket };
  return {
    socket,
    add: async (keyFile) => {
      await run('ssh-add', ['-q', keyFile], { env });
    },
    stop: () => {
      child.kill('SIGTERM');
    },
  };
}
