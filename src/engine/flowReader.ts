import { runScript } from '../collect/run.js';
import { TransportError } from '../collect/transport.js';
import { english, msg } from '../core/message.js';
import { parseAddresses, parseReading, type FlowReading } from '../core/bothEnds/reading.js';
import { ADDRESS_SCRIPT, FLOW_SCRIPT, type FlowQuery } from '../core/bothEnds/script.js';
import type { OpenedTarget } from './open.js';

/** A reading, and when it was made by the clock of this process, in milliseconds. */
export interface TimedReading {
  readonly at: number;
  readonly reading: FlowReading;
}

type Host = Pick<OpenedTarget, 'transport' | 'entry' | 'session'>;

/** Seconds that a host with very many sockets may take to list those that are asked for. */
const LIMIT_SECONDS = 8;

/** Reads the sockets of a query. Rejects with a TransportError for people where the host cannot list them. */
export async function readFlow(host: Host, query: FlowQuery, signal?: AbortSignal): Promise<TimedReading> {
  const began = performance.now();
  const output = await ask(host, FLOW_SCRIPT, query, signal);
  const at = (began + performance.now()) / 2;
  const parsed = parseReading(output);
  if (parsed.kind === 'reading') return { at, reading: parsed.reading };
  throw new TransportError(
    'unsupported',
    english(msg('The connections of {0} could not be read: {1}.', host.session.host.name, english(parsed.why))),
    english(msg('Install iproute2 on the host (apt install iproute2, dnf install iproute).')),
  );
}

/** The addresses by which a host can be reached. */
export async function readAddresses(host: Host, signal?: AbortSignal): Promise<readonly string[]> {
  return parseAddresses(await ask(host, ADDRESS_SCRIPT, new Map(), signal));
}

async function ask({ transport, entry, session }: Host, script: string, env: ReadonlyMap<string, string>, signal: AbortSignal | undefined): Promise<string> {
  const outcome = await runScript(transport, { script, env, timeoutSeconds: LIMIT_SECONDS, maxBytes: 1024 * 1024, prefix: entry.prefix }, signal);
  if (outcome.kind === 'cancelled') throw new TransportError('cancelled', english(msg('Cancelled.')));
  if (outcome.timedOut) {
    throw new TransportError('timeout', english(msg('{0} did not list its connections within {1} s.', session.host.name, LIMIT_SECONDS)));
  }
  return outcome.output;
}
