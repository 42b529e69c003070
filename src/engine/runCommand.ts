import { runScript } from '../collect/run.js';
import { interpreterFor, viewOf } from '../core/interpret/index.js';
import { msg } from '../core/message.js';
import type { Command } from '../core/runbook/blocks.js';
import type { RunResult } from '../protocol/runbook.js';
import type { OpenedTarget } from './open.js';
import type { Translate } from './report.js';

/**
 * Runs a command of a runbook on a target and says what its output means. What cannot be run is refused with a reason
 * before anything is started. `env`: its parameters, checked.
 */
export async function runCommand(
  opened: OpenedTarget,
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
  const outcome = await runScript(
    opened.transport,
    { script: command.script, env, timeoutSeconds: command.timeoutSeconds, prefix: opened.entry.prefix },
    signal,
  );
  if (outcome.kind === 'cancelled') return { kind: 'cancelled' };
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
