import { setTimeout as sleep } from 'node:timers/promises';
import { TransportError } from '../collect/transport.js';
import { formatFlow, type Flow, type FlowProtocol } from '../core/bothEnds/flow.js';
import { judgeFlow } from '../core/bothEnds/judge.js';
import { joinFlows, socketOf, type SeenFlow } from '../core/bothEnds/match.js';
import { queryAt, queryTowards } from '../core/bothEnds/script.js';
import type { End, EndLook, FlowVerdict } from '../core/bothEnds/types.js';
import { english, msg } from '../core/message.js';
import type { Cause } from '../core/runbook/cause.js';
import type { Sample } from '../core/sample.js';
import type { Tier } from '../core/sources.js';
import type { Deeper } from './deeper.js';
import { readAddresses, readFlow, type TimedReading } from './flowReader.js';
import type { OpenedTarget } from './open.js';
import { watchWindow, type Sampler, type Watched } from './watch.js';

/** One of the two hosts: how it is reached, and what its samples are taken with. */
export interface Side {
  readonly opened: Pick<OpenedTarget, 'transport' | 'entry' | 'session' | 'uri'>;
  readonly sampler: Sampler;
  readonly deeper: Deeper;
}

/** Both windows of a flow, and what they say together. */
export interface WatchedFlow {
  readonly flow: Flow;
  readonly sender: Side & { readonly watched: Watched; readonly look: EndLook };
  readonly receiver: Side & { readonly watched: Watched; readonly look: EndLook };
  readonly verdict: FlowVerdict;
  /** How much later than the sender the receiver was read, at the beginning (negative: before it) and at the end, in milliseconds. */
  readonly skew: { readonly begin: number; readonly end: number };
}

/** Between two readings that tell which flow is the busiest. */
const LISTING_MS = 1_000;

/** What the sender's last packets have to arrive, and the first ones to be counted from. */
const SETTLE_MS = 200;

/** The flows between two hosts, the busiest of one second first. TCP before UDP, whose volume nobody counts. */
export async function listFlows(a: Pick<Side, 'opened'>, b: Pick<Side, 'opened'>, signal?: AbortSignal): Promise<readonly SeenFlow[]> {
  const [ofA, ofB] = await Promise.all([readAddresses(a.opened, signal), readAddresses(b.opened, signal)]);
  if (ofA.length === 0 || ofB.length === 0) return [];
  const read = (protocol: FlowProtocol): Promise<readonly [TimedReading, TimedReading]> =>
    Promise.all([readFlow(a.opened, queryTowards(protocol, ofB), signal), readFlow(b.opened, queryTowards(protocol, ofA), signal)]);
  const look = async (): Promise<readonly (readonly [TimedReading, TimedReading])[]> => [await read('tcp'), await read('udp')];
  const first = await look();
  await sleep(LISTING_MS, undefined, signal === undefined ? {} : { signal });
  const last = await look();
  return (['tcp', 'udp'] as const).flatMap((protocol, at) => {
    const [before, after] = [first[at], last[at]];
    if (before === undefined || after === undefined) return [];
    return joinFlows(protocol, [before[0].reading, after[0].reading], [before[1].reading, after[1].reading], ofB, ofA);
  });
}

/** Which of two hosts sends a flow. Rejects with a TransportError for people when the flow is not between them. */
export async function orient(flow: Flow, a: Side, b: Side, signal?: AbortSignal): Promise<{ readonly sender: Side; readonly receiver: Side }> {
  const has = async (side: Side, end: End): Promise<boolean> =>
    socketOf((await readFlow(side.opened, queryAt(end, flow), signal)).reading, flow, end) !== undefined;
  const [aSends, bSends, aReceives, bReceives] = await Promise.all([has(a, 'sender'), has(b, 'sender'), has(a, 'receiver'), has(b, 'receiver')]);
  if (aSends && bReceives) return { sender: a, receiver: b };
  if (bSends && aReceives) return { sender: b, receiver: a };
  const [found, missing] = aSends || aReceives ? [a, b] : [bSends || bReceives ? b : undefined, a];
  const [one, other] = namesOf(missing, found ?? b);
  throw new TransportError(
    'unreachable',
    found === undefined
      ? english(msg('Neither {0} nor {1} has a socket of the flow {2}.', one, other, formatFlow(flow)))
      : english(msg('{0} has a socket of the flow {1}, and {2} has none.', other, formatFlow(flow), one)),
    english(msg('List the connections of both with: ss -tn. Where addresses are translated on the way (NAT), add “as SENDER > RECEIVER”, as the receiver’s host sees them.')),
  );
}

/**
 * Watches both hosts at the same time and says where the flow loses. The receiver is read before the sender at the beginning and after
 * it at the end: whatever the sender sent in between has arrived by then or is lost. What is still under way when
 * one of them fails is ended. Rejects as `watchWindow` does.
 */
export async function watchFlow(
  flow: Flow,
  sender: Side,
  receiver: Side,
  causes: readonly Cause[],
  seconds: number,
  progress: (elapsed: number) => void,
  signal: AbortSignal | undefined,
): Promise<WatchedFlow> {
  const failed = new AbortController();
  const abort = signal === undefined ? failed.signal : AbortSignal.any([signal, failed.signal]);
  const [begun, done] = [new Gate(abort), new Gate(abort)];
  const readings = { sender: [] as TimedReading[], receiver: [] as TimedReading[] };
  const read = async (side: Side, end: End): Promise<void> => {
    readings[end].push(await readFlow(side.opened, queryAt(end, flow), abort));
  };
  const ofSender = around(sender.sampler, {
    first: async () => {
      await begun.passed;
      await read(sender, 'sender');
    },
    last: async () => {
      await read(sender, 'sender');
      done.open();
    },
  });
  const ofReceiver = around(receiver.sampler, {
    first: async () => {
      await read(receiver, 'receiver');
      begun.open();
    },
    last: async () => {
      await done.passed;
      await sleep(SETTLE_MS, undefined, { signal: abort });
      await read(receiver, 'receiver');
    },
  });
  const watch = (sampler: Sampler, deeper: Deeper, tell: (elapsed: number) => void): Promise<Watched> =>
    watchWindow(sampler, causes, seconds, tell, abort, deeper).catch((error: unknown) => {
      failed.abort(error);
      throw error;
    });
  const both = await Promise.allSettled([watch(ofSender, sender.deeper, progress), watch(ofReceiver, receiver.deeper, () => undefined)]);
  // The first thing that went wrong is the reason; the other was ended because of it.
  if (failed.signal.aborted) throw failed.signal.reason;
  const [fromSender, fromReceiver] = both;
  if (fromSender.status === 'rejected') throw fromSender.reason;
  if (fromReceiver.status === 'rejected') throw fromReceiver.reason;
  const [nameOfSender, nameOfReceiver] = namesOf(sender, receiver);
  const looksSender = lookOf(nameOfSender, fromSender.value, readings.sender);
  const looksReceiver = lookOf(nameOfReceiver, fromReceiver.value, readings.receiver);
  return {
    flow,
    sender: { ...sender, watched: fromSender.value, look: looksSender },
    receiver: { ...receiver, watched: fromReceiver.value, look: looksReceiver },
    verdict: judgeFlow(flow, looksSender, looksReceiver),
    skew: {
      begin: (readings.receiver[0]?.at ?? 0) - (readings.sender[0]?.at ?? 0),
      end: (readings.receiver[1]?.at ?? 0) - (readings.sender[1]?.at ?? 0),
    },
  };
}

/** What people call two hosts: two namespaces of one host by their targets. */
function namesOf(one: Side, other: Side): readonly [string, string] {
  const names = [one.opened.session.host.name, other.opened.session.host.name] as const;
  return names[0] === names[1] ? [one.opened.uri, other.opened.uri] : names;
}

function lookOf(host: string, { view, diagnosis }: Watched, readings: readonly TimedReading[]): EndLook {
  const [first, last] = readings;
  if (first === undefined || last === undefined) throw new Error('a window has two readings');
  return { host, view, diagnosis, readings: [first.reading, last.reading] };
}

/** Does something behind the first and before the last full sample, so that the host's counters enclose it. */
function around(sampler: Sampler, then: { first(): Promise<void>; last(): Promise<void> }): Sampler {
  let full = 0;
  return {
    sample: async (tiers: ReadonlySet<Tier>, signal?: AbortSignal): Promise<Sample> => {
      if (tiers.has('slow')) full += 1;
      const isLast = tiers.has('slow') && full > 1;
      if (isLast) await then.last();
      const sample = await sampler.sample(tiers, signal);
      if (tiers.has('slow') && !isLast) await then.first();
      return sample;
    },
  };
}

/** Lets through when it is opened, and rejects when the signal fires first. */
class Gate {
  readonly passed: Promise<void>;
  #open: () => void = () => undefined;

  constructor(signal: AbortSignal) {
    this.passed = new Promise((resolve, reject) => {
      this.#open = resolve;
      if (signal.aborted) reject(signal.reason);
      else signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
    // Nobody waits at a gate when the other side failed before it came there.
    this.passed.catch(() => undefined);
  }

  open(): void {
    this.#open();
  }
}
