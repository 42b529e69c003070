import { randomBytes } from 'node:crypto';
import type { RecordedTrace } from '../../core/recording/types.js';
import type { Reading } from '../../core/sample.js';
import { sanitizeBytes } from '../sanitize.js';
import { TransportError, type RemoteProcess, type Transport } from '../transport.js';
import { traceProgram } from './traceProgram.js';
import { begunReading, endedReading } from './traceReading.js';

/** How many events one trace counts at most. */
export const MOST_EVENTS = 200_000;

/** Most that a trace may print. */
const OUTPUT_LIMIT = 524_288;

/** Seconds within which a trace must run, and within which it must give its counts. */
const START_SECONDS = 5;
const STOP_SECONDS = 6;

export interface TraceOptions {
  /** After how many seconds the host ends the trace by itself. */
  readonly seconds: number;
  readonly events?: number;
  /** The POSIX shell that runs the keeper; `sh` by default. */
  readonly shell?: readonly string[];
  /** Makes the instance's name; random by default. */
  readonly name?: () => string;
}

type Printed = Extract<RecordedTrace, { readonly kind: 'printed' }>;

/** A drop trace that runs on a host. */
export interface DropTrace {
  /** What to put into the first sample: nothing has been counted, or the reason why the trace does not run. */
  readonly begun: Reading;
  /** Ends the trace and gives what it counted. Resolves after the host has removed everything. Never rejects. */
  stop(): Promise<Reading>;
  /** What was printed so far, from which the same readings can be made again. */
  readonly recorded: Printed;
  /** Ends the trace without asking what it counted. Safe to call again, also after `stop`. */
  cancel(): void;
}

/**
 * Starts a drop trace: it counts where and why the kernel of the host drops packets, in every namespace. `transport` must
 * start programs as root. Rejects with what `transport.spawn` rejects with; a host that cannot trace says so in `begun`.
 */
export async function startDropTrace(transport: Transport, options: TraceOptions): Promise<DropTrace> {
  const name = options.name?.() ?? randomBytes(8).toString('hex');
  const keeper = await transport.spawn([...(options.shell ?? ['sh'])]);
  const trace = new Trace(keeper);
  // That it could not be written shows in the output too: the shell has ended.
  keeper.write(traceProgram({ name, seconds: options.seconds, events: options.events ?? MOST_EVENTS })).catch(() => undefined);
  await trace.begin();
  return trace;
}

/** The trace of a recorded window. Rejects as `startDropTrace` did then. */
export async function replayTrace(recorded: RecordedTrace): Promise<DropTrace> {
  if (recorded.kind === 'failed') throw new TransportError('lost', recorded.why);
  const begun = begunReading(recorded.begun);
  return { begun, recorded, stop: async () => (begun.state === 'unreadable' ? begun : endedReading(recorded.ended)), cancel: () => undefined };
}

class Trace implements DropTrace {
  begun: Reading = begunReading('');
  recorded: Printed = { kind: 'printed', begun: '', ended: undefined };
  readonly #keeper: RemoteProcess;
  readonly #output: Uint8Array[] = [];
  #size = 0;
  readonly #done: Promise<unknown>;
  #ready: () => void = () => undefined;
  readonly #begins = new Promise<void>((resolve) => (this.#ready = resolve));

  constructor(keeper: RemoteProcess) {
    this.#keeper = keeper;
    this.#done = Promise.allSettled([this.#read(), this.#readErrors()]).then(() => keeper.exit);
    void this.#done.then(() => this.#ready());
  }

  async begin(): Promise<void> {
    await within(this.#begins, START_SECONDS);
    const text = this.#text();
    this.recorded = { kind: 'printed', begun: text, ended: undefined };
    this.begun = begunReading(text);
    if (this.begun.state === 'unreadable') this.cancel();
  }

  async stop(): Promise<Reading> {
    if (this.begun.state === 'unreadable') return this.begun;
    this.#keeper.write('stop\n').catch(() => undefined);
    const ended = await within(this.#done, STOP_SECONDS);
    this.cancel();
    const text = this.#text();
    // What a keeper says that did not end is worth hearing, but for its counts.
    const said = ended || /^droplens-trace failed /m.test(text) ? text : undefined;
    this.recorded = { kind: 'printed', begun: this.recorded.begun, ended: said };
    return endedReading(said);
  }

  cancel(): void {
    // Its input ends, upon which it ends by itself; killing it at once would only be rougher.
    this.#keeper.end();
    void within(this.#done, STOP_SECONDS).then((ended) => {
      if (!ended) this.#keeper.kill();
    });
  }

  #text(): string {
    return sanitizeBytes(Buffer.concat(this.#output));
  }

  async #read(): Promise<void> {
    for await (const chunk of this.#keeper.stdout) {
      if (this.#size + chunk.length > OUTPUT_LIMIT) continue;
      this.#output.push(chunk);
      this.#size += chunk.length;
      if (/^droplens-trace (?:ready|failed) .*\n/m.test(this.#text())) this.#ready();
    }
  }

  async #readErrors(): Promise<void> {
    for await (const _chunk of this.#keeper.stderr) {
      // Everything that matters is said on the output; an error stream that nobody reads would stop the program.
    }
  }
}

/** Whether it was settled in time. */
async function within(what: Promise<unknown>, seconds: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => (timer = setTimeout(() => resolve(false), seconds * 1_000)));
  try {
    return await Promise.race([what.then(() => true, () => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
