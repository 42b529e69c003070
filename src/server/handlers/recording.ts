import { isAbsolute } from 'node:path';
import { formatTarget, recordingTarget } from '../../collect/target.js';
import { msg } from '../../core/message.js';
import type { Recording } from '../../core/recording/types.js';
import { writeIncident } from '../../engine/incident.js';
import type { Library } from '../../engine/library.js';
import { loadRecording, saveRecording } from '../../engine/recordingFile.js';
import { redactRecording } from '../../engine/redact.js';
import type { Translate } from '../../engine/report.js';
import { Requests } from '../../protocol/messages.js';
import type { Entry } from '../changes/log.js';
import { recordedChanges } from '../changes/recorded.js';
import { forPeople } from '../errors.js';
import type { LiveTarget } from '../liveTarget.js';
import { UserError, type Rpc } from '../rpc.js';
import type { Targets } from '../targets.js';

export interface RecordingDeps {
  readonly rpc: Rpc;
  readonly targets: Targets;
  readonly library: Library;
  readonly translate: Translate;
  /** The changes that were made to a target, the oldest first. */
  changes(uri: string): Promise<readonly Entry[]>;
  /** The version of this program. */
  readonly product: string;
}

/** Answers what concerns recordings: opening and saving them, and the incident report. */
export function handleRecordings({ rpc, targets, library, translate, changes, product }: RecordingDeps): void {
  const fresh = async (live: LiveTarget): Promise<Recording | undefined> => {
    const recording = live.recorder?.recording(product);
    return recording && { ...recording, changes: recordedChanges(await changes(live.uri), Date.parse(recording.header.began), translate) };
  };
  /** What was seen of a target; for a recording, what is in it. */
  const seen = async (live: LiveTarget, redact: boolean): Promise<Recording> => {
    const recording = live.replay?.recording ?? (await fresh(live));
    if (recording === undefined) {
      throw new UserError(translate(msg('Nothing was seen of this host yet.')), translate(msg('Connect to it and diagnose it first.')));
    }
    return redact ? redactRecording(recording) : recording;
  };

  rpc.handle(Requests.openRecording, async ({ path }) => {
    if (!isAbsolute(path)) throw new UserError(translate(msg('{0} is not the whole path of a file.', path)), undefined);
    try {
      await loadRecording(path);
      return { target: formatTarget(recordingTarget(path)) };
    } catch (error) {
      throw forPeople(error);
    }
  });

  rpc.handle(Requests.saveRecording, async ({ target, path, redact }) => {
    if (!isAbsolute(path)) throw new UserError(translate(msg('{0} is not the whole path of a file.', path)), undefined);
    try {
      await saveRecording(path, await seen(targets.get(target).live, redact), true);
      return {};
    } catch (error) {
      throw forPeople(error);
    }
  });

  rpc.handle(Requests.incident, async ({ target, redact, timeZone }) => {
    const { live } = targets.get(target);
    try {
      if (live.target.kind === 'recording') await live.connect(true);
      return { markdown: await writeIncident(await seen(live, redact), library, translate, knownZone(timeZone)) };
    } catch (error) {
      throw forPeople(error);
    }
  });
}

/** The zone if this machine knows it, else UTC: a report with times in another zone is better than none. */
function knownZone(timeZone: string): string {
  try {
    return new Intl.DateTimeFormat('en', { timeZone }).resolvedOptions().timeZone;
  } catch {
    return 'UTC';
  }
}
