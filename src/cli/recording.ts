import { english, msg } from '../core/message.js';
import type { Recording } from '../core/recording/types.js';
import { notAgreed, openDeeper, rootWay } from '../engine/deeper.js';
import { ownTimeZone, writeIncident } from '../engine/incident.js';
import { loadLibrary, type Library } from '../engine/library.js';
import type { OpenedTarget } from '../engine/open.js';
import { checkFree, loadRecording, saveRecording } from '../engine/recordingFile.js';
import { redactRecording } from '../engine/redact.js';
import { toReport } from '../engine/report.js';
import { toolsOf } from '../engine/tools.js';
import { watchWindow } from '../engine/watch.js';
import type { DiagnosisReport } from '../protocol/diagnosis.js';
import { disposable, open, type Environment } from './opened.js';
import type { RecordingInvocation } from './recordingArgs.js';
import { jsonText, reportText } from './text.js';

/** How long to watch, and whether as root. */
export interface WatchOptions {
  readonly seconds: number;
  readonly json: boolean;
  readonly root: boolean;
}

/** Watches a target and judges it; a recording answers at once, as its host did. The target's recorder remembers it. */
export async function watchTarget(opened: OpenedTarget, library: Library, { seconds, json, root }: WatchOptions, env: Environment): Promise<DiagnosisReport> {
  const { session, uri, replay, recorder } = opened;
  if (replay !== undefined) {
    const { header } = replay.recording;
    return toReport(header.target, header.host, (await replay.diagnose(library.causes)).diagnosis, library, english);
  }
  await using deeper = root ? disposable(await openDeeper(opened, rootWay(opened), seconds, env.signal)) : undefined;
  if (!json) env.stderr.write(`${english(msg('Watching {0} for {1} s …', session.host.name, seconds))}\n`);
  const tier = deeper?.value ?? notAgreed(msg('Run diagnose with --root, as root or as a user whom sudo lets in without a password.'));
  const release = recorder?.hold();
  try {
    const { samples, diagnosis } = await watchWindow(session, library.causes, seconds, () => undefined, env.signal, tier);
    const report = toReport(uri, session.host, diagnosis, library, english);
    if (tier.recorded !== undefined) recorder?.window(samples, tier.recorded)(report);
    return report;
  } finally {
    release?.();
  }
}

/** Diagnoses a host and writes what was seen to a file. Exit status as for `diagnose`. */
export async function recordTarget(invocation: Extract<RecordingInvocation, { kind: 'record' }>, env: Environment): Promise<0 | 1> {
  const { target, out, json, force, redact } = invocation;
  // Before the window, and not after it has passed.
  if (!force) await checkFree(out);
  const library = await loadLibrary(env.runbooks);
  await using opened = disposable(await open(target, env, toolsOf(library)));
  const report = await watchTarget(opened.value, library, invocation, env);
  const recording = opened.value.recorder?.recording(env.version);
  if (recording !== undefined) {
    await saveRecording(out, redacted(recording, redact), force);
    env.stderr.write(`${english(msg('Recorded to {0}.', out))}\n`);
  }
  env.stdout.write(json ? jsonText(report) : reportText(report));
  return report.verdict === 'loss' ? 1 : 0;
}

/** Prints the incident report of a recording. */
export async function reportRecording({ file, redact }: { file: string; redact: boolean }, env: Environment): Promise<0> {
  const [library, recording] = await Promise.all([loadLibrary(env.runbooks), loadRecording(file)]);
  env.stdout.write(await writeIncident(redacted(recording, redact), library, english, ownTimeZone()));
  return 0;
}

function redacted(recording: Recording, redact: boolean): Recording {
  return redact ? redactRecording(recording) : recording;
}

