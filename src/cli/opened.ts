import type { Target } from '../collect/target.js';
import { openTarget, type OpenedTarget } from '../engine/open.js';
import { terminalAsker } from './asker.js';

/** What the program reads and writes. */
export interface Environment {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  /** Folder of the runbooks. */
  readonly runbooks: string;
  /** Folder in which accepted host keys are remembered. */
  readonly storage: string;
  readonly version: string;
  readonly signal: AbortSignal;
}

/**
 * Opens a target as its user on this terminal. Rejects with a TransportError for people. `tools`: programs whose presence is
 * of interest beside those of the probe.
 */
export function open(target: Target, env: Environment, tools: readonly string[] = []): Promise<OpenedTarget> {
  return openTarget(target, {
    asker: terminalAsker(env.stdin, env.stderr),
    storage: env.storage,
    interactive: env.stdin.isTTY === true,
    // Whoever types the host's name in a terminal would get the same from ssh.
    mayRunPrograms: true,
    tools,
    signal: env.signal,
  });
}

/** Sees to it that nothing stays behind on the host, however the work ends. */
export function disposable<T extends { close(): Promise<void> }>(value: T): AsyncDisposable & { readonly value: T } {
  return { value, [Symbol.asyncDispose]: () => value.close() };
}
