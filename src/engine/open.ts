import { join } from 'node:path';
import { connectTarget, type Connection, type SshTarget } from '../collect/connect.js';
import type { SshAsker, SshClientChoice, SshMachine, SshTransport } from '../collect/ssh/types.js';
import { formatTarget, type Target } from '../collect/target.js';
import { parserFor } from '../core/parse/index.js';
import { rememberingParsers } from '../core/parse/remember.js';
import { diagnosisTiers } from './schedule.js';
import { Recorder } from './record.js';
import { openRecording, type Replay } from './replay.js';

/** What opening a target needs of the outside. */
export interface OpenOptions {
  readonly asker: SshAsker;
  /** Folder in which accepted host keys are remembered. */
  readonly storage: string;
  /** Whether a person started this and can be asked. */
  readonly interactive: boolean;
  /** `auto` unless given. */
  readonly sshClient?: SshClientChoice;
  /** The ssh configuration file to use instead of the usual ones; `~/` stands for the home folder. */
  readonly sshConfigFile?: string;
  /** Whether programs that the ssh configuration names may be run; `false` unless given. */
  readonly mayRunPrograms?: boolean;
  /** Programs of interest beside those that the probe itself uses: those of the runbooks' commands. */
  readonly tools: readonly string[];
  readonly signal?: AbortSignal;
}

/** A connected target with a running probe. */
export interface OpenedTarget extends Connection {
  readonly uri: string;
  /** The connection itself when it is SSH: it can also open a terminal. */
  readonly ssh: SshTransport | undefined;
  /** Holds what a recording of a host is made of; a recording has none. */
  readonly recorder?: Recorder;
  /** What was recorded, where the target is a recording. */
  readonly replay?: Replay;
}

/** Connects, enters the namespace, starts the probe. Rejects with a TransportError for people; leaves nothing open then. */
export async function openTarget(target: Target, options: OpenOptions): Promise<OpenedTarget> {
  if (target.kind === 'recording') return openRecording(target.path);
  const made: { ssh?: SshTransport } = {};
  const uri = formatTarget(target);
  const recorder = new Recorder({ target: uri, now: Date.now });
  const connection = await connectTarget(target, {
    ssh: async (host) => (made.ssh = await connectSshTarget(host, options)),
    parserFor: rememberingParsers(parserFor),
    tools: options.tools,
    // A live view and a diagnosis both begin with everything.
    first: diagnosisTiers('first'),
    tap: recorder,
    ...(options.signal ? { signal: options.signal } : {}),
  });
  // The connection itself and not a copy of it: its probe changes.
  return Object.assign(connection, { uri, ssh: made.ssh, recorder });
}

async function connectSshTarget(target: SshTarget, options: OpenOptions): Promise<SshTransport> {
  // Loaded with the first SSH target: the library is larger than the rest of the program.
  const { connectSsh, fileHostKeyStore, thisMachine } = await import('../collect/ssh/entry.js');
  return connectSsh({
    host: target.host,
    ...(target.user === undefined ? {} : { user: target.user }),
    ...(target.port === undefined ? {} : { port: target.port }),
    asker: options.asker,
    interactive: options.interactive,
    client: options.sshClient ?? 'auto',
    mayRunPrograms: options.mayRunPrograms ?? false,
    machine: machineWith(thisMachine(), options.sshConfigFile),
    ownStore: fileHostKeyStore(join(options.storage, 'host-keys.json')),
    ...(options.signal ? { signal: options.signal } : {}),
  });
}

/** The machine with the configuration file that a person chose for all connections; an empty name chooses none. */
export function machineWith(machine: SshMachine, configFile: string | undefined): SshMachine {
  if (configFile === undefined || configFile.trim() === '') return machine;
  return { ...machine, configFile: configFile.trim().replace(/^~(?=\/|\\)/, () => machine.home) };
}
