import { openDeepLook, replayDeepLook, type DeepLook, type Readings } from '../collect/privileged/deepLook.js';
import type { RootWay } from '../collect/privileged/rootTransport.js';
import type { ProbeAbout } from '../collect/probe/sample.js';
import { msg, type Message } from '../core/message.js';
import { PRIVILEGED, PRIVILEGED_COMMANDS, DROP_TRACE } from '../core/privileged/sources.js';
import type { RecordedRoot } from '../core/recording/types.js';
import type { Reading, Sample } from '../core/sample.js';
import type { OpenedTarget } from './open.js';

/** What a diagnosis learns from sources that need root. */
export interface Deeper extends Pick<DeepLook, 'begin' | 'end'> {
  /** What a recording keeps of it; `undefined` before the end was read. */
  readonly recorded: RecordedRoot | undefined;
  /** Ends everything that runs on the host. */
  close(): Promise<void>;
}

/** Nothing was agreed to: every such source is unread for one reason, which is said once. */
export function withoutRoot(why: Message, how: Message | undefined): Deeper {
  const reading: Reading = { state: 'unreadable', reason: 'denied', why, how };
  const readings: Readings = new Map([PRIVILEGED, ...PRIVILEGED_COMMANDS, DROP_TRACE].map((source) => [source.id, reading]));
  return {
    begin: () => Promise.resolve(readings),
    end: () => Promise.resolve(readings),
    recorded: { kind: 'without', why, how },
    close: () => Promise.resolve(),
  };
}

/** The tier that needs no root, and how a person gets the other. */
export function notAgreed(how: Message): Deeper {
  return withoutRoot(msg('it needs root, and was not agreed to'), how);
}

/** A sample with what root read at the same time. What a source gave without root stays. */
export function withReadings(sample: Sample, readings: Readings): Sample {
  return { ...sample, readings: new Map([...readings, ...sample.readings]) };
}

/** How this connection becomes root where sudo asks nothing. */
export function rootWay(opened: OpenedTarget): Exclude<RootWay, { readonly kind: 'password' }> {
  return { kind: opened.session.host.uid === 0 ? 'root' : 'sudo' };
}

/**
 * Becomes root on the target for one window of `seconds`. To be called only after a person agreed. Rejects with a
 * TransportError for people when it cannot: `authentication` when sudo needs a password or another one.
 */
export async function openDeeper(opened: OpenedTarget, way: RootWay, seconds: number, signal?: AbortSignal): Promise<Deeper> {
  const { transport, entry, session } = opened;
  const look = await openDeepLook({ transport, entry, way, host: session.host.name, seconds, ...(signal === undefined ? {} : { signal }) });
  return deeperOf(look);
}

/** What root saw of a recorded window, or why it saw nothing. */
export function replayDeeper(recorded: RecordedRoot, about: ProbeAbout): Deeper {
  return recorded.kind === 'without' ? withoutRoot(recorded.why, recorded.how) : deeperOf(replayDeepLook(recorded, about));
}

function deeperOf(look: DeepLook): Deeper {
  return {
    begin: (abort) => look.begin(abort),
    end: (abort) => look.end(abort),
    get recorded() {
      return look.recorded;
    },
    close: () => look.close(),
  };
}
