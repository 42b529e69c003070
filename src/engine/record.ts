import { createHash } from 'node:crypto';
import type { ProbeAbout, ProbeTap } from '../collect/probe/sample.js';
import type { Frame } from '../collect/probe/frames.js';
import { TransportError } from '../collect/transport.js';
import { english, msg } from '../core/message.js';
import { MOST_BYTES } from '../core/recording/lines.js';
import type {
  Json,
  RecordedAnswer,
  RecordedChange,
  RecordedCommand,
  RecordedPart,
  RecordedRoot,
  RecordedWindow,
  Recording,
} from '../core/recording/types.js';
import type { Sample } from '../core/sample.js';
import type { Tier } from '../core/sources.js';
import type { DiagnosisReport } from '../protocol/diagnosis.js';
import { Packer, type Packed } from './packed.js';

export interface RecorderOptions {
  /** The target as it was given, in its one spelling. */
  readonly target: string;
  /** The present in milliseconds since the epoch. */
  readonly now: () => number;
  /** Most characters of answers that are held beside those of diagnoses; packed they take a tenth of it or less. */
  readonly mostCharacters?: number;
  /** How long an answer is held, in milliseconds. */
  readonly mostAge?: number;
}

/** Answers of the live view are held this long, and no more of them than this: memory is used for every host that is watched. */
const MOST_AGE = 600_000;
const MOST_HELD = 4 * 1024 * 1024;

/** Diagnoses, commands and changes that are held; the oldest make room. */
const MOST_WINDOWS = 3;
const MOST_COMMANDS = 100;
const MOST_CHANGES = 1_000;
/** Most characters of the diagnoses that are held beside the latest. */
const MOST_OF_WINDOWS = 32 * 1024 * 1024;

interface Held {
  readonly seq: number;
  readonly packed: Packed;
  readonly at: number;
  readonly size: number;
}

/** A diagnosis; the verdict follows when it is put into words. */
type HeldWindow = RecordedWindow & { report: Json };

/** What a diagnosis under way holds on to. */
interface Need {
  readonly from: number;
}

/**
 * Listens to one connection to a host and holds what a recording is made of: the answers of the last minutes, and all that
 * belong to a diagnosis.
 */
export class Recorder implements ProbeTap {
  readonly #options: Required<RecorderOptions>;
  #about: ProbeAbout | undefined;
  #hello: readonly RecordedPart[] = [];
  #began = 0;
  /** What is added to the numbers of a probe's requests: a probe that takes the place of another counts anew. */
  #offset = 0;
  #answers: Held[] = [];
  readonly #packer = new Packer<RecordedAnswer>();
  #size = 0;
  #windows: HeldWindow[] = [];
  #commands: RecordedCommand[] = [];
  #changes: RecordedChange[] = [];
  /** Numbers from which a diagnosis that is under way needs every answer. */
  readonly #needed = new Set<Need>();

  constructor(options: RecorderOptions) {
    this.#options = { mostCharacters: MOST_HELD, mostAge: MOST_AGE, ...options };
  }

  hello(frame: Frame, about: ProbeAbout): void {
    this.#offset = this.#answers.at(-1)?.seq ?? 0;
    // The first answers of a later probe tell themselves what the host has.
    if (this.#about !== undefined) return;
    this.#about = about;
    this.#hello = frame.parts;
    this.#began = this.#options.now();
  }

  answer(frame: Frame, tiers: ReadonlySet<Tier>): void {
    const size = frame.parts.reduce((sum, part) => sum + part.text.length + part.name.length, 0);
    const seq = this.#offset + frame.seq;
    this.#answers.push({ seq, packed: this.#packer.pack({ seq, tiers: [...tiers], parts: frame.parts }), at: this.#options.now(), size });
    this.#size += size;
    this.#forget();
  }

  /** Whether a diagnosis was recorded. */
  get hasWindow(): boolean {
    return this.#windows.length > 0;
  }

  /** Holds every answer from here on until the returned function is called. */
  hold(): () => void {
    const need: Need = { from: (this.#answers.at(-1)?.seq ?? 0) + 1 };
    this.#needed.add(need);
    return () => {
      this.#needed.delete(need);
      this.#forget();
    };
  }

  /** A diagnosis was made of these samples. To be called while they are held; the result takes the verdict that was given. */
  window(samples: readonly Sample[], root: RecordedRoot): (report: DiagnosisReport) => void {
    const window: HeldWindow = { at: this.#options.now(), answers: samples.map(({ seq }) => this.#offset + seq), root, report: null };
    this.#windows.push(window);
    if (this.#windows.length > MOST_WINDOWS) this.#windows.shift();
    while (this.#windows.length > 1 && this.#sizeOfWindows() > MOST_OF_WINDOWS) this.#windows.shift();
    return (report) => (window.report = jsonOf(report));
  }

  command(command: Omit<RecordedCommand, 'at'>): void {
    this.#commands.push({ at: this.#options.now(), ...command });
    if (this.#commands.length > MOST_COMMANDS) this.#commands.shift();
  }

  change(change: RecordedChange): void {
    this.#changes.push(change);
    if (this.#changes.length > MOST_CHANGES) this.#changes.shift();
  }

  /**
   * What was heard so far. Throws a TransportError when that is nothing. `product`: the version of this program.
   */
  recording(product: string): Recording {
    const about = this.#about;
    if (about === undefined || this.#answers.length === 0) {
      throw new TransportError('unsupported', english(msg('There is nothing to record yet: no sample was taken of {0}.', this.#options.target)));
    }
    return {
      header: {
        product,
        target: this.#options.target,
        host: about.host,
        began: new Date(this.#answers[0]?.at ?? this.#began).toISOString(),
        inNamespace: about.inNamespace,
        commandSeconds: about.commandSeconds,
        redacted: false,
      },
      hello: this.#hello,
      answers: this.#answers.map(({ packed }) => this.#packer.unpack(packed)),
      windows: this.#windows.map((window) => ({ ...window })),
      commands: [...this.#commands],
      changes: [...this.#changes],
    };
  }

  #sizeOfWindows(): number {
    const pinned = this.#pinned();
    return this.#answers.reduce((sum, held) => sum + (pinned.has(held.seq) ? held.size : 0), 0);
  }

  #pinned(): ReadonlySet<number> {
    return new Set(this.#windows.flatMap(({ answers }) => answers));
  }

  /** Lets go of the oldest answers that no diagnosis needs. */
  #forget(): void {
    const oldest = this.#options.now() - this.#options.mostAge;
    if (this.#size <= this.#options.mostCharacters && (this.#answers[0]?.at ?? oldest) >= oldest) return;
    const pinned = this.#pinned();
    const from = Math.min(...[...this.#needed].map((need) => need.from));
    let free = this.#answers.reduce((sum, { seq, size }) => sum + (pinned.has(seq) ? 0 : size), 0);
    this.#answers = this.#answers.filter((held) => {
      const { seq } = held;
      if (pinned.has(seq) || seq >= from || (free <= this.#options.mostCharacters && held.at >= oldest)) return true;
      free -= held.size;
      this.#size -= held.size;
      // What the host had, as it was seen last: later answers are understood by it.
      const look = this.#packer.unpack(held.packed).parts.find(({ name }) => name === 'look');
      if (look !== undefined) this.#hello = [...this.#hello.filter(({ name }) => name !== 'look'), look];
      return false;
    });
  }
}

/** A report as plain JSON data: what is written is exactly what would be printed. */
function jsonOf(report: DiagnosisReport): Json {
  return JSON.parse(JSON.stringify(report)) as Json;
}

/** SHA-256 of a text, in hexadecimal. */
export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Throws a TransportError when a recording's text is larger than what can be opened again. */
export function checkSize(text: string): string {
  if (Buffer.byteLength(text) <= MOST_BYTES) return text;
  throw new TransportError(
    'unsupported',
    english(msg('The recording would be larger than {0} MB, and could not be opened again.', MOST_BYTES / 1024 / 1024)),
    english(msg('Watch the host for a shorter time.')),
  );
}
