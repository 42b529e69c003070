import { HOST_SIGNALS } from './host.js';
import { IP_SIGNALS } from './ip.js';
import { PRIVILEGED_SIGNALS } from './privileged.js';
import { ROW_SIGNALS } from './rows.js';
import { SETTING_SIGNALS } from './settings.js';
import type { Signal } from './signal.js';
import { TCP_SIGNALS } from './tcp.js';

export type { Signal, StepId } from './signal.js';

/** Every signal with a name, in the order in which a layer lists them. */
export const SIGNALS: readonly Signal[] = [...TCP_SIGNALS, ...IP_SIGNALS, ...HOST_SIGNALS, ...ROW_SIGNALS, ...SETTING_SIGNALS, ...PRIVILEGED_SIGNALS];

const BY_ID: ReadonlyMap<string, Signal> = new Map(SIGNALS.map((signal) => [signal.id, signal]));

/** Looks a signal up by id; names come from hosts and documents, so an unknown one is ordinary. */
export function findSignal(id: string): Signal | undefined {
  return BY_ID.get(id);
}
