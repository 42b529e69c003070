import { randomBytes } from 'node:crypto';
import { english, msg } from '../core/message.js';
import { MarkedOutput } from './markedOutput.js';
import { quote, quoteAssignment } from './quote.js';
import { firstLine, sanitizeBytes } from './sanitize.js';
import { TransportError, type RemoteProcess, type Transport } from './transport.js';

export interface RunRequest {
  /** A POSIX shell script, from a document of ours. Values that a person or a host chose belong into `env`. */
  readonly script: string;
  /** Environment variables by name. Throws a RangeError for a name that is not a shell variable's. */
  readonly env: ReadonlyMap<string, string>;
  /** After how many seconds the script and all that it started is ended. */
  readonly timeoutSeconds: number;
  /** How many bytes of output are kept; 256 KiB by default. A script that prints more is ended. */
  readonly maxBytes?: number;
  /** Arguments that come before the shell: the way into a namespace, from `enterNamespace`. */
  readonly prefix?: readonly string[];
  /** The POSIX shell that runs the script's keeper; `sh` by default. */
  readonly shell?: readonly string[];
}

export type RunOutcome =
  | {
      readonly kind: 'done';
      /** Exit status of the script; `null` when it was ended by us or by a lost shell. */
      readonly exit: number | null;
      readonly seconds: number;
      /** stdout and stderr in the order in which they were printed, safe to show as plain text. */
      readonly output: string;
      /** Whether the output was longer than what is kept. */
      readonly truncated: boolean;
      readonly timedOut: boolean;
    }
  | { readonly kind: 'cancelled' };

/** How many bytes of a script's output are kept when the request does not say. */
const OUTPUT_LIMIT = 256 * 1024;

/** Seconds within which the shell must say that the script starts. */
const START_SECONDS = 10;

/** How long the keeper may take to end the script after its input was closed, in milliseconds. */
const ENDING_MS = 4_000;

/**
 * Runs a script on a target, in a session of processes of its own.
 *
 * Everything that the script started is ended when it is done, when the time is over, when the output is too long,
 * when `signal` fires, and when our connection to the host goes away (a keeper on the host notices that its input
 * ended). Only a process that makes itself the leader of another session (a daemon) is out of reach. SIGINT is ignored
 * in the script, as in every background job of a shell.
 *
 * Rejects with a {@link TransportError} when the script could not be started or the connection was lost.
 */
export async function runScript(transport: Transport, request: RunRequest, signal?: AbortSignal): Promise<RunOutcome> {
  const nonce = randomBytes(16).toString('hex');
  const marks = { start: `droplens:${nonce} start`, end: `droplens:${nonce} end` };
  const program = keeperProgram(request, marks);
  const keeper = await startKeeper(transport, request, signal);
  return keeper === undefined ? { kind: 'cancelled' } : new Run(keeper, transport, request, marks).result(program, signal);
}

/** The lines between which a script's output stands: what a login shell's start-up files print lies around it. */
interface Marks {
  readonly start: string;
  readonly end: string;
}

/** Starts the keeper; `undefined` when the signal fired first. Later its input ends it, so that it can end the script. */
async function startKeeper(transport: Transport, request: RunRequest, signal: AbortSignal | undefined): Promise<RemoteProcess | undefined> {
  const starting = new AbortController();
  const abort = (): void => starting.abort();
  signal?.addEventListener('abort', abort, { once: true });
  if (signal?.aborted === true) abort();
  try {
    return await transport.spawn([...(request.prefix ?? []), ...(request.shell ?? ['sh'])], starting.signal);
  } catch (error) {
    if (signal?.aborted === true) return undefined;
    throw error;
  } finally {
    signal?.removeEventListener('abort', abort);
  }
}

/**
 * The keeper: a POSIX shell program that starts the script and waits for it, while a second process waits for the end
 * of the keeper's input. It is one compound command, so that no shell reads its input as program text while it runs.
 *
 * A script's processes are found by their session (field 6 of /proc/PID/stat, proc(5)), because a process group is
 * not enough: timeout(1) makes another one.
 */
function keeperProgram(request: RunRequest, marks: Marks): string {
  // The host's own limit is for a client that sleeps: its connection stays open and nobody watches the clock.
  const hostSeconds = Math.ceil(request.timeoutSeconds) + 5;
  return `{
[ -z "$ZSH_VERSION" ] || emulate sh
set +efuvx
unset IFS
unset -f setsid timeout awk cat sh sleep 2>/dev/null
PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"
export PATH LC_ALL=C
${[...request.env].map(([name, value]) => `export ${quoteAssignment(name, value)}\n`).join('')}
dl_script=${quote(request.script)}
if ! command -v setsid >/dev/null 2>&1; then echo 'setsid is not installed' >&2; exit 127; fi
dl_limit=
if timeout 1 true >/dev/null 2>&1 </dev/null; then dl_limit='timeout ${hostSeconds}'; fi
dl_members() {
cat /proc/[0-9]*/stat 2>/dev/null | awk -v session="$dl_job" '{ pid = $1; sub(/.*\\) /, ""); if ($4 == session && $1 != "Z") print pid }'
}
dl_end() {
kill -s TERM "$dl_job" $(dl_members) 2>/dev/null
for dl_try in 1 2 3 4 5; do
[ -n "$(dl_members)" ] || return 0
sleep 0.1 2>/dev/null || break
done
for dl_try in 1 2 3 4 5; do
kill -s KILL $(dl_members) 2>/dev/null || return 0
done
}
exec 3<&0
printf '\\n%s\\n' ${quote(marks.start)}
setsid $dl_limit sh -c "$dl_script" droplens </dev/null 2>&1 3<&- &
dl_job=$!
trap 'dl_end' TERM HUP
{ while read -r dl_line; do :; done; dl_end; } <&3 3<&- >/dev/null 2>&1 &
dl_watch=$!
exec 3<&-
wait "$dl_job"
dl_status=$?
while kill -0 "$dl_job" 2>/dev/null; do wait "$dl_job"; dl_status=$?; done
kill "$dl_watch" 2>/dev/null
[ -z "$(dl_members)" ] || dl_end
printf '\\n%s\\n' ${quote(marks.end)}
exit "$dl_status"
}
`;
}

class Run {
  readonly #keeper: RemoteProcess;
  readonly #request: RunRequest;
  readonly #output: MarkedOutput;
  #errors: Uint8Array = new Uint8Array();
  #startedAt: number | undefined;
  #ended: 'timeout' | 'truncated' | 'cancelled' | 'no-start' | undefined;
  #lost: TransportError | undefined;
  readonly #ending: { lost(error: TransportError): void };
  #forced: NodeJS.Timeout | undefined;
  #late: NodeJS.Timeout | undefined;

  constructor(keeper: RemoteProcess, transport: Transport, request: RunRequest, marks: Marks) {
    this.#keeper = keeper;
    this.#request = request;
    this.#output = new MarkedOutput(marks.start, marks.end, request.maxBytes ?? OUTPUT_LIMIT);
    // What waits for the connection's end stays with it: it must not hold on to a run, and its output, that is over.
    const ending = { lost: (error: TransportError) => this.#connectionLost(error) };
    this.#ending = ending;
    void transport.lost.then((error) => ending.lost(error));
  }

  #connectionLost(error: TransportError): void {
    this.#lost = error;
    this.#keeper.kill();
  }

  async result(program: string, signal: AbortSignal | undefined): Promise<RunOutcome> {
    const cancel = (): void => this.#end('cancelled');
    signal?.addEventListener('abort', cancel, { once: true });
    if (signal?.aborted === true) cancel();
    this.#late = setTimeout(() => this.#end('no-start'), START_SECONDS * 1_000);
    try {
      // That it could not be written shows in the output too: the shell has ended, and what it printed says why.
      this.#keeper.write(program).catch(() => undefined);
      await Promise.all([this.#readOutput(), this.#readErrors()]);
      const exit = await this.#keeper.exit;
      return this.#outcome(exit);
    } finally {
      clearTimeout(this.#late);
      clearTimeout(this.#forced);
      signal?.removeEventListener('abort', cancel);
      this.#ending.lost = () => undefined;
      this.#keeper.kill();
    }
  }

  #outcome(exit: number | null): RunOutcome {
    if (this.#ended === 'cancelled') return { kind: 'cancelled' };
    if (this.#lost !== undefined) throw this.#lost;
    if (this.#startedAt === undefined) throw this.#notStarted(exit);
    return {
      kind: 'done',
      exit: this.#ended === undefined ? exit : null,
      seconds: (performance.now() - this.#startedAt) / 1_000,
      output: sanitizeBytes(this.#output.bytes()),
      truncated: this.#ended === 'truncated',
      timedOut: this.#ended === 'timeout',
    };
  }

  #notStarted(exit: number | null): TransportError {
    if (this.#ended === 'no-start') {
      return new TransportError('timeout', english(msg('The shell did not start the command within {0} s.', START_SECONDS)));
    }
    const said = firstLine(sanitizeBytes(this.#errors)) || firstLine(sanitizeBytes(this.#output.greeting)) || '–';
    return new TransportError(
      'unsupported',
      english(msg('The command could not be started (exit status {0}): {1}', exit ?? '–', said)),
    );
  }

  /** Closes the keeper's input, upon which it ends the script; ends the keeper too when it does not follow. */
  #end(why: 'timeout' | 'truncated' | 'cancelled' | 'no-start'): void {
    if (this.#ended !== undefined) return;
    this.#ended = why;
    this.#keeper.end();
    this.#forced = setTimeout(() => this.#keeper.kill(), ENDING_MS);
  }

  async #readOutput(): Promise<void> {
    for await (const chunk of this.#keeper.stdout) {
      this.#output.push(chunk);
      if (this.#startedAt === undefined && this.#output.started) {
        this.#startedAt = performance.now();
        clearTimeout(this.#late);
        this.#late = setTimeout(() => this.#end('timeout'), this.#request.timeoutSeconds * 1_000);
      }
      if (this.#output.truncated) this.#end('truncated');
    }
  }

  async #readErrors(): Promise<void> {
    for await (const chunk of this.#keeper.stderr) {
      if (this.#errors.length < 4096) this.#errors = Buffer.concat([this.#errors, chunk]);
    }
  }
}
