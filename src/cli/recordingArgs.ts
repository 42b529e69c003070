import { resolve } from 'node:path';
import { parseTarget, recordingTarget, type HostTarget, type Target } from '../collect/target.js';
import { english, msg } from '../core/message.js';

/** What a command line asks for about recordings. */
export type RecordingInvocation =
  | {
      readonly kind: 'record';
      readonly target: HostTarget;
      readonly out: string;
      readonly seconds: number;
      readonly json: boolean;
      readonly root: boolean;
      readonly force: boolean;
      readonly redact: boolean;
    }
  | { readonly kind: 'report'; readonly file: string; readonly redact: boolean }
  | { readonly kind: 'wrong'; readonly why: string };

/** The options of `record`, already read. */
export interface RecordOptions {
  readonly target: Target;
  readonly out: string | undefined;
  readonly seconds: number;
  readonly json: boolean;
  readonly root: boolean;
  readonly force: boolean;
  readonly redact: boolean;
}

const wrong = (why: string): RecordingInvocation => ({ kind: 'wrong', why });

export function recordInvocation({ target, out, ...options }: RecordOptions): RecordingInvocation {
  if (target.kind === 'recording') return wrong(english(msg('A recording cannot be recorded: name a host.')));
  if (out === undefined || out === '') return wrong(english(msg('record writes a file: name it with --out FILE.')));
  return { kind: 'record', target, out: resolve(out), ...options };
}

export function reportInvocation(file: string | undefined, redact: boolean): RecordingInvocation {
  if (file === undefined || file === '') return wrong(english(msg('report needs a recording: droplens report FILE.')));
  return { kind: 'report', file: pathOf(file), redact };
}

/** What is to be looked at: the recording that `--recording` names, else the target. */
export function chosenTarget(positional: string | undefined, recording: string | undefined): ReturnType<typeof parseTarget> {
  if (recording === undefined) return parseTarget(positional ?? 'local:/');
  if (positional !== undefined) return { kind: 'malformed', problem: msg('One target at a time: {0} is one too many.', positional) };
  if (recording === '') return { kind: 'malformed', problem: msg('--recording names a file.') };
  return { kind: 'target', target: recordingTarget(resolve(recording)) };
}

/** A recording as people name it: by its path, or as a target. */
function pathOf(text: string): string {
  const parsed = text.startsWith('recording:') ? parseTarget(text) : undefined;
  return parsed?.kind === 'target' && parsed.target.kind === 'recording' ? parsed.target.path : resolve(text);
}
