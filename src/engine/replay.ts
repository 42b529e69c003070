import { setTimeout as sleep } from 'node:timers/promises';
import * as v from 'valibot';
import { aboutOf, connectRecording, samplesOf } from '../collect/recorded.js';
import { formatTarget, recordingTarget } from '../collect/target.js';
import { msg } from '../core/message.js';
import { parserFor } from '../core/parse/index.js';
import type { Command } from '../core/runbook/blocks.js';
import type { Cause } from '../core/runbook/cause.js';
import type { RecordedCommand, RecordedWindow, Recording } from '../core/recording/types.js';
import { DiagnosisReport } from '../protocol/diagnosis.js';
import { replayDeeper, withoutRoot, withReadings } from './deeper.js';
import type { OpenedTarget } from './open.js';
import { loadRecording } from './recordingFile.js';
import { sha256 } from './record.js';
import { judge, type Watched } from './watch.js';

/** What a recording can answer without its host. */
export interface Replay {
  readonly recording: Recording;
  /** Judges the latest recorded diagnosis again, at once; where there is none, everything that was recorded. */
  diagnose(causes: readonly Cause[]): Promise<Watched>;
  /** The latest run of a command with these parameters. */
  outputOf(command: Command, env: ReadonlyMap<string, string>): RecordedCommand | undefined;
}

/** Opens a recording as a target on which everything works that needs no host. Rejects with a TransportError for people. */
export async function openRecording(path: string): Promise<OpenedTarget> {
  const recording = await loadRecording(path);
  const connection = connectRecording(recording, {
    parserFor,
    now: () => performance.now(),
    sleep: (milliseconds, signal) => sleep(milliseconds, undefined, { signal }),
  });
  return Object.assign(connection, { uri: formatTarget(recordingTarget(path)), ssh: undefined, replay: replayOf(recording) });
}

/** What a recording that was read can answer. */
export function replayOf(recording: Recording): Replay {
  return {
    recording,
    diagnose: (causes) => diagnoseAgain(recording, recording.windows.at(-1), causes),
    outputOf(command, env) {
      const hash = scriptHash(command.script);
      return recording.commands.findLast((run) => run.command === command.id && run.hash === hash && sameParameters(run.env, env));
    },
  };
}

/** By what a recording tells that a command is the one that was run, and not another under the same id. */
export function scriptHash(script: string): string {
  return sha256(script).slice(0, 16);
}

function sameParameters(recorded: RecordedCommand['env'], env: ReadonlyMap<string, string>): boolean {
  return recorded.length === env.size && recorded.every(([name, value]) => env.get(name) === value);
}

/** The report that was given when a window was recorded; `undefined` when the recording holds none that can be read. */
export function recordedReport(window: RecordedWindow): DiagnosisReport | undefined {
  const parsed = v.safeParse(DiagnosisReport, window.report);
  return parsed.success ? parsed.output : undefined;
}

async function diagnoseAgain(recording: Recording, window: RecordedWindow | undefined, causes: readonly Cause[]): Promise<Watched> {
  const seqs = new Set(window?.answers ?? recording.answers.map(({ seq }) => seq));
  const samples = [...samplesOf(recording, seqs, parserFor)];
  const deeper =
    window === undefined
      ? withoutRoot(msg('the recording has no diagnosis, and only a diagnosis looks as root'), undefined)
      : replayDeeper(window.root, aboutOf(recording));
  const [first, last] = [samples.shift(), samples.pop()];
  if (first !== undefined) samples.unshift(withReadings(first, await deeper.begin()));
  if (last !== undefined) samples.push(withReadings(last, await deeper.end()));
  return judge(samples, causes);
}
