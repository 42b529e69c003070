import { runScript } from '../collect/run.js';
import { interpreterFor, viewOf } from '../core/interpret/index.js';
import { msg } from '../core/message.js';
import type { Command } from '../core/runbook/blocks.js';
import type { RecordedCommand } from '../core/recording/types.js';
import type { RunResult } from '../protocol/runbook.js';
import type { OpenedTarget } from './open.js';
import { scriptHash } from './replay.js';
import type { Translate } from './report.js';

/**
 * Runs a command of a runbook on a target and says what its output means. What cannot be run is refused with a reason
 * before anything is started. `env`: its parameters, checked. On a recording it shows what the same command with the
 * same parameters printed then.
 */
export async function runCommand(
  opened: OpenedTarget,
  runbook: string,
  command: Command,
  env: ReadonlyMap<string, string>,
  translate: Translate,
  signal: AbortSignal,
): Promise<RunResult> {
  const { host } = opened.session;
  const missing = command.tools.find((tool) => !host.tools.has(tool));
  if (missing !== undefined) {
    const how = command.install ?? translate(msg('Install {0} on the host, or use another command of this step.', missing));
    return { kind: 'refused', why: translate(msg('{0} is not installed on {1}.', missing, host.name)), how };
  }
  if (command.root && host.uid !== 0) {
    return {
      kind: 'refused',
      why: translate(msg('This command needs root, and the connection to {0} is not root’s.', host.name)),
      how: translate(msg('Connect as root, or copy the command and run it with sudo.')),
    };
  }
  const outcome = opened.replay === undefined ? await runOnHost(opened, runbook, command, env, signal) : opened.replay.outputOf(command, env);
  if (outcome === undefined) {
    return {
      kind: 'refused',
      why: translate(msg('This is a recording of {0}, and this command was not recorded with these values.', host.name)),
      how: translate(msg('Look at the host itself to run it.')),
    };
  }
  if (outcome === 'cancelled') return { kind: 'cancelled' };
  const { exit, seconds, output, truncated } = outcome;
  const base = { kind: 'done' as const, exit, seconds, output, truncated };
  if (outcome.timedOut) {
    const sentence = translate(msg('Cannot tell, because the command was ended after {0} s.', command.timeoutSeconds));
    return { ...base, verdict: 'unknown', sentence, tables: [] };
  }
  const interpret = command.interpret === undefined ? undefined : interpreterFor(command.interpret);
  if (interpret === undefined) return { ...base, verdict: null, sentence: '', tables: [] };
  return { ...base, ...viewOf(interpret({ output, exit }), translate) };
}

/** Runs it, and has the recorder remember what it printed. */
async function runOnHost(
  opened: OpenedTarget,
  runbook: string,
  command: Command,
  env: ReadonlyMap<string, string>,
  signal: AbortSignal,
): Promise<'cancelled' | Omit<RecordedCommand, 'at'>> {
  const { script, timeoutSeconds } = command;
  const outcome = await runScript(opened.transport, { script, env, timeoutSeconds, prefix: opened.entry.prefix }, signal);
  if (outcome.kind === 'cancelled') return 'cancelled';
  const { exit, seconds, output, truncated, timedOut } = outcome;
  const run = { runbook, command: command.id, hash: scriptHash(script), script, env: [...env], exit, seconds, output, truncated, timedOut };
  opened.recorder?.command(run);
  return run;
}
