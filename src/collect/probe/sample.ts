import type { Parser } from '../../core/facts.js';
import { english, msg } from '../../core/message.js';
import type { RecordedAnswer } from '../../core/recording/types.js';
import type { HostInfo, Sample } from '../../core/sample.js';
import type { Source, SourceId, Tier } from '../../core/sources.js';
import { firstLine } from '../sanitize.js';
import { TransportError } from '../transport.js';
import type { Frame, FramePart } from './frames.js';
import { filesOf, lookOf, readingsOf, type Look, type ReadingContext } from './readings.js';

/** Files by which every answer tells when, and in which boot, it was read. */
const CLOCK: ReadonlySet<string> = new Set(['/proc/uptime', '/proc/sys/kernel/random/boot_id']);

/** What is known of a probe from its beginning and does not change. */
export interface ProbeAbout {
  readonly host: HostInfo;
  /** Whether it runs in a network namespace other than the host's first. */
  readonly inNamespace: boolean;
  /** After how many seconds the commands of one sample are ended. */
  readonly commandSeconds: number;
}

/**
 * What listens to a probe: its hello, and each answer with what was asked for. A recording is made of them, since the
 * same frames give the same samples.
 */
export interface ProbeTap {
  hello(frame: Frame, about: ProbeAbout): void;
  answer(frame: Frame, tiers: ReadonlySet<Tier>): void;
}

/**
 * The sample that a frame holds. Throws a TransportError `garbled` when it does not tell when it was read. `host` is what
 * people call the host, `bootId` stands in where the frame does not name the boot.
 */
export function sampleOf(frame: Frame, context: ReadingContext & { readonly host: string; readonly bootId: string }): Sample {
  const clock = filesOf(frame, CLOCK);
  const hostSeconds = Number(/^(\d+\.\d+) /.exec(clock.get('/proc/uptime') ?? '')?.[1] ?? NaN);
  if (Number.isNaN(hostSeconds)) {
    throw new TransportError('garbled', english(msg('The answer of {0} does not tell when it was read (/proc/uptime).', context.host)));
  }
  return {
    seq: frame.seq,
    hostSeconds,
    bootId: firstLine(clock.get('/proc/sys/kernel/random/boot_id') ?? '') || context.bootId,
    readings: readingsOf(frame, context),
    inNamespace: context.inNamespace,
  };
}

/** What is needed to make samples of recorded answers. */
export interface RemakeOptions {
  /** The probe's hello. */
  readonly hello: readonly FramePart[];
  readonly about: ProbeAbout;
  readonly sources: readonly Source[];
  readonly parserFor: (id: SourceId) => Parser | undefined;
}

/**
 * Makes the samples of recorded answers again, as the session made them. To be called with the answers in their order,
 * because an answer without a look of its own is understood by the one before.
 */
export function remaker({ hello, about, sources, parserFor }: RemakeOptions): (answer: RecordedAnswer) => Sample {
  let look = lookOf({ seq: 0, parts: hello }) ?? NO_LOOK;
  return ({ seq, tiers, parts }) => {
    const frame: Frame = { seq, parts };
    look = lookOf(frame) ?? look;
    const { host, inNamespace, commandSeconds } = about;
    return sampleOf(frame, { sources, tiers: new Set(tiers), parserFor, look, inNamespace, commandSeconds, host: host.name, bootId: host.bootId });
  };
}

/** Nothing is known of what a host has. */
export const NO_LOOK: Look = { absent: new Set(), denied: new Set(), tools: new Set() };
