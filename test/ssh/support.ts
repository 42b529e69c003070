import { join } from 'node:path';
import { localConfigFiles } from '../../src/collect/ssh/config/configFiles.js';
import { fileHostKeyStore } from '../../src/collect/ssh/hostKeyStore.js';
import type { HostKeyQuestion, SecretQuestion, SecretSubject, SshMachine, SshRequest } from '../../src/collect/ssh/types.js';
import type { RemoteProcess } from '../../src/collect/transport.js';
import type { TestSshd } from './sshd.js';

/** Answers and records what a person would be asked; when nobody can be asked, answers with `kept` alone. */
export class ScriptedAsker {
  readonly hostKeys: HostKeyQuestion[] = [];
  readonly secrets: SecretQuestion[] = [];
  /** Questions that nobody could be asked. */
  readonly unattended: SecretQuestion[] = [];
  /** What answers were worth, in order. */
  readonly verdicts: [SecretSubject['kind'], boolean][] = [];

  constructor(
    private readonly trust: boolean,
    private readonly answers: (string | undefined)[] = [],
    private readonly kept?: string,
  ) {}

  hostKey(question: HostKeyQuestion): Promise<boolean> {
    this.hostKeys.push(question);
    return Promise.resolve(this.trust);
  }

  secret(question: SecretQuestion): Promise<string | undefined> {
    if (!question.interactive) {
      this.unattended.push(question);
      return Promise.resolve(question.wrong === 0 ? this.kept : undefined);
    }
    this.secrets.push(question);
    return Promise.resolve(this.answers.shift());
  }

  proved(question: SecretQuestion, right: boolean): void {
    this.verdicts.push([question.about.kind, right]);
  }
}

export function machineAt(home: string, over: Partial<SshMachine> = {}): SshMachine {
  return { home, userName: 'nobody', env: new Map(), agentSocket: undefined, files: localConfigFiles, configFile: undefined, sshProgram: undefined, ...over };
}

/** A request for a test server by its alias, as the command line makes it in that home folder. */
export function requestFor(sshd: TestSshd, over: Partial<SshRequest> = {}): SshRequest {
  return {
    host: sshd.alias,
    asker: new ScriptedAsker(false),
    interactive: true,
    client: 'auto',
    mayRunPrograms: true,
    machine: machineAt(sshd.home),
    ownStore: fileHostKeyStore(join(sshd.folder, 'hostkeys.json')),
    ...over,
  };
}

export async function textOf(stream: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

/** Everything that a program did. */
export async function outcomeOf(process: RemoteProcess): Promise<{ out: string; err: string; exit: number | null }> {
  const [out, err, exit] = await Promise.all([textOf(process.stdout), textOf(process.stderr), process.exit]);
  return { out, err, exit };
}
