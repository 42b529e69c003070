import { randomBytes } from 'node:crypto';
import { english, msg } from '../../core/message.js';
import type { Act } from '../../core/fix/types.js';
import { runScript } from '../run.js';
import { firstLine, sanitizeBytes } from '../sanitize.js';
import { TransportError, type RemoteProcess, type Transport } from '../transport.js';
import { Later } from './later.js';
import { DECIDE_SCRIPT, eventMark, processName, starterProgram } from './program.js';

export interface TrialRequest {
  readonly apply: readonly Act[];
  /** Brings every setting back to what it was, whether or not `apply` got to it. */
  readonly undo: readonly Act[];
  /** Whole seconds after which the host undoes the change unless it was told to keep it. */
  readonly seconds: number;
  /** Arguments that come before the shell: the way into a namespace, from `enterNamespace`. */
  readonly prefix: readonly string[];
  /** What people call the host, for messages. */
  readonly host: string;
}

/** What became of the change when it was made. `said`: what the programs printed, for people; may be empty. */
export type Applied =
  | { readonly kind: 'applied'; readonly said: string }
  /** It could not be made; the host has put back what was done of it. */
  | { readonly kind: 'failed'; readonly said: string }
  /** The connection was lost before the host said so: the host undoes the change when its time is over. */
  | { readonly kind: 'unheard'; readonly why: TransportError };

/** How a trial ended. `late`: nobody confirmed in time. */
export type Ended = 'kept' | 'undone' | 'late' | 'undo-failed' | 'unheard';

/** A change under way on a host that undoes it by itself. */
export interface Trial {
  /** Names the trial on its host, also for another connection. */
  readonly nonce: string;
  /** Never rejects. */
  readonly applied: Promise<Applied>;
  /** Never rejects; `unheard` when the connection was lost first. */
  readonly ended: Promise<Ended>;
}

/** Seconds within which the host must say that it is armed. */
const ARMED_SECONDS = 15;

/** How much of what the programs print is kept. */
const SAID_LIMIT = 4_096;

/**
 * Has the host make a change that it takes back after `seconds` unless {@link decideTrial} keeps it. Resolves when the
 * host is armed, which is before it changes anything. Rejects with a TransportError when nothing was begun, or when the
 * connection was lost before the host answered: whatever it began then ends by itself.
 *
 * `transport` must be root's. Nothing here ends the process on the host: only its own clock or a decision does.
 */
export async function startTrial(transport: Transport, request: TrialRequest): Promise<Trial> {
  const nonce = randomBytes(16).toString('hex');
  const process = await transport.spawn(['sh']);
  const listener = new Listener(process, nonce, request.host);
  void transport.lost.then((error) => listener.lose(error));
  process.write(starterProgram({ ...request, nonce })).then(
    () => process.end(),
    // That it could not be written shows in the output too: the shell has ended, and what it printed says why.
    () => undefined,
  );
  await listener.armed;
  return { nonce, applied: listener.applied, ended: listener.ended };
}

/** What came of a decision: `told` – the process was there and has ended upon it; `gone` – it had ended before. */
export type Decided = 'told' | 'gone' | 'deaf';

/**
 * Tells a trial to keep its change or to undo it at once; over any connection that is root's. What the settings are
 * afterwards has to be read: `gone` means that time was over, or that somebody else decided.
 */
export async function decideTrial(transport: Transport, nonce: string, decision: 'keep' | 'undo', signal?: AbortSignal): Promise<Decided> {
  const env = new Map([
    ['DL_NAME', processName(nonce)],
    ['DL_SIGNAL', decision === 'keep' ? 'USR1' : 'USR2'],
  ]);
  const outcome = await runScript(transport, { script: DECIDE_SCRIPT, env, timeoutSeconds: 40 }, signal);
  if (outcome.kind === 'cancelled') throw new TransportError('cancelled', english(msg('Cancelled.')));
  const word = outcome.output.trim().split('\n').at(-1);
  return word === 'told' || word === 'gone' ? word : 'deaf';
}

/** Follows what the process on the host says. */
class Listener {
  readonly armed: Promise<void>;
  readonly applied: Promise<Applied>;
  readonly ended: Promise<Ended>;
  readonly #mark: string;
  readonly #host: string;
  readonly #process: RemoteProcess;
  readonly #armed = new Later<void>();
  readonly #applied = new Later<Applied>();
  readonly #ended = new Later<Ended>();
  readonly #late: NodeJS.Timeout;
  #said = '';
  /** What was printed until the change had failed; its undoing may print the same again. */
  #failed: string | undefined;

  constructor(process: RemoteProcess, nonce: string, host: string) {
    this.#process = process;
    this.#mark = eventMark(nonce);
    this.#host = host;
    this.armed = this.#armed.promise;
    this.applied = this.#applied.promise;
    this.ended = this.#ended.promise;
    this.#late = setTimeout(
      () => this.lose(new TransportError('timeout', english(msg('{0} did not say within {1} s that it can undo the change, so nothing is known to have been changed.', host, ARMED_SECONDS)))),
      ARMED_SECONDS * 1_000,
    );
    void this.#readOutput();
    void this.#readErrors();
  }

  /** There will be nothing more to hear. */
  lose(error: TransportError): void {
    clearTimeout(this.#late);
    this.#armed.reject(error);
    this.#applied.resolve({ kind: 'unheard', why: error });
    this.#ended.resolve('unheard');
  }

  async #readOutput(): Promise<void> {
    let rest = '';
    const decoder = new TextDecoder();
    try {
      for await (const chunk of this.#process.stdout) {
        const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
        rest = (lines.pop() ?? '').slice(-SAID_LIMIT);
        for (const line of lines) this.#hear(line);
      }
    } catch {
      // A stream that breaks has ended: what was not heard until then is not heard.
    }
    const exit = await this.#process.exit;
    const said = firstLine(this.#said) || '–';
    this.lose(new TransportError('unsupported', english(msg('{0} could not begin the change (exit status {1}): {2}', this.#host, exit ?? '–', said)), english(msg('Nothing was changed.'))));
  }

  async #readErrors(): Promise<void> {
    try {
      for await (const chunk of this.#process.stderr) this.#note(sanitizeBytes(chunk));
    } catch {
      // The output tells that the connection was lost.
    }
  }

  #note(text: string): void {
    if (text.trim() !== '' && this.#said.length < SAID_LIMIT) this.#said += `${text.slice(0, SAID_LIMIT - this.#said.length)}\n`;
  }

  #hear(line: string): void {
    if (!line.startsWith(this.#mark)) {
      this.#note(sanitizeBytes(new TextEncoder().encode(line)));
      return;
    }
    const [word = '', detail] = line.slice(this.#mark.length).split(' ');
    switch (word) {
      case 'armed':
        clearTimeout(this.#late);
        // What was printed before is a login shell's, not the change's.
        this.#said = '';
        this.#armed.resolve();
        break;
      case 'applied':
        this.#applied.resolve({ kind: 'applied', said: this.#said.trim() });
        break;
      case 'failed':
        // The change is reported as failed when the host has put back what was done of it.
        this.#failed = this.#said.trim();
        break;
      case 'kept':
        this.#end('kept');
        break;
      case 'undone':
        this.#end(detail === 'late' ? 'late' : 'undone');
        break;
      case 'undo-failed':
        this.#end('undo-failed');
        break;
    }
  }

  #end(how: Ended): void {
    if (this.#failed !== undefined || how !== 'kept') this.#applied.resolve({ kind: 'failed', said: this.#failed ?? this.#said.trim() });
    else this.#applied.resolve({ kind: 'applied', said: this.#said.trim() });
    this.#ended.resolve(how);
  }
}
