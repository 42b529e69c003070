import { grown, socketOf } from './match.js';
import type { Flow } from './flow.js';
import type { Socket } from './reading.js';
import type { EndEvidence, EndLook, End } from './types.js';

/** A flow's socket on one host, at the beginning (if it was there) and at the end. */
export interface SocketPair {
  readonly before: Socket | undefined;
  readonly after: Socket;
}

/** The flow's socket at one end; `undefined` when it was gone at the end. */
export function socketPair(look: EndLook, flow: Flow, end: End): SocketPair | undefined {
  const after = socketOf(look.readings[1], flow, end);
  return after === undefined ? undefined : { before: socketOf(look.readings[0], flow, end), after };
}

export function delta(pair: SocketPair, name: string): number | undefined {
  return grown(pair.before, pair.after, name);
}

export function level(socket: Socket | undefined, name: string): number {
  return socket?.row.gauges.get(name) ?? 0;
}

/** How long a host's two readings of the flow are apart, by its own clock. */
export function watchedSeconds({ readings: [first, last] }: EndLook): number {
  return Math.max(0, last.begin - first.end);
}

/** The values of a socket that exist, as evidence. */
export function socketEvidence(pair: SocketPair, end: End, counters: readonly string[], levels: readonly string[]): readonly EndEvidence[] {
  const { before, after } = pair;
  const counted = counters.flatMap((name): readonly EndEvidence[] => {
    const grew = delta(pair, name);
    const to = after.row.counters.get(name);
    return grew === undefined || to === undefined ? [] : [{ end, signal: `socket.${name}`, before: Number(to) - grew, after: Number(to), delta: grew }];
  });
  const stood = levels.flatMap((name): readonly EndEvidence[] => {
    const to = after.row.gauges.get(name);
    const from = before === undefined ? 0 : before.row.gauges.get(name);
    return to === undefined || from === undefined ? [] : [{ end, signal: `socket.${name}`, before: from, after: to, delta: to - from }];
  });
  return [...counted, ...stood];
}

/** Counters of the whole host, as evidence. */
export function hostEvidence(look: EndLook, end: End, names: readonly string[]): readonly EndEvidence[] {
  return names.flatMap((signal): readonly EndEvidence[] => {
    const counter = look.view.counters.get(signal);
    if (counter?.delta === undefined) return [];
    return [{ end, signal, before: Number(counter.before), after: Number(counter.after), delta: counter.delta }];
  });
}
