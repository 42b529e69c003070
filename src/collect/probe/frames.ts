/** One part of an answer: what one source (or group of files) printed. */
export interface FramePart {
  readonly name: string;
  readonly text: string;
  /** Exit status; `undefined` when the answer ended before the part did. */
  readonly status: number | undefined;
}

/** One complete answer of the probe. `seq` 0 is the hello. */
export interface Frame {
  readonly seq: number;
  readonly parts: readonly FramePart[];
}

/** What came out of the probe's output: an answer, or one that is lost. The next answer is unaffected by a broken one. */
export type FrameEvent =
  | { readonly kind: 'frame'; readonly frame: Frame }
  | { readonly kind: 'broken'; readonly seq: number; readonly why: 'truncated' | 'too-big' };

/** An answer may be this long, in characters; longer ones are given up so that a host cannot fill our memory. */
const FRAME_LIMIT = 8 * 1024 * 1024;

/** The word with which every control line of a session begins. The nonce keeps a host's texts from imitating it. */
export function frameMark(nonce: string): string {
  return `droplens:${nonce}`;
}

interface OpenPart {
  readonly name: string;
  readonly lines: string[];
}

interface OpenFrame {
  readonly seq: number;
  readonly parts: FramePart[];
  part: OpenPart | undefined;
  size: number;
}

/**
 * Reads answers from the probe's output as it arrives, in pieces of any size.
 *
 * Control lines are `MARK begin SEQ`, `MARK part NAME`, `MARK done STATUS`, `MARK end SEQ`; each begins on a line of
 * its own because the probe prints a newline before it, which is not part of the text. What stands outside a frame (a
 * login banner, the noise of a start-up file) is skipped. Carriage returns before a newline, as a terminal adds them,
 * are dropped.
 */
export class FrameReader {
  readonly #mark: string;
  readonly #limit: number;
  readonly #decoder = new TextDecoder();
  /** The beginning of a line whose end has not arrived. */
  #rest: string[] = [];
  #restSize = 0;
  #open: OpenFrame | undefined;

  constructor(nonce: string, limit = FRAME_LIMIT) {
    this.#mark = `${frameMark(nonce)} `;
    this.#limit = limit;
  }

  /** Takes the next piece of output and returns what it completed. */
  push(chunk: Uint8Array): FrameEvent[] {
    return this.#take(this.#decoder.decode(chunk, { stream: true }));
  }

  /** Says that no more output comes: an answer that is still open is truncated. */
  finish(): FrameEvent[] {
    const events = this.#take(`${this.#decoder.decode()}\n`);
    if (this.#open !== undefined) events.push({ kind: 'broken', seq: this.#open.seq, why: 'truncated' });
    this.#open = undefined;
    return events;
  }

  #take(text: string): FrameEvent[] {
    const events: FrameEvent[] = [];
    const lines = text.split('\n');
    const last = lines.pop() ?? '';
    for (const line of lines) {
      this.#keep(line, events);
      const whole = this.#rest.join('');
      this.#rest = [];
      this.#restSize = 0;
      this.#line(whole.endsWith('\r') ? whole.slice(0, -1) : whole, events);
    }
    this.#keep(last, events);
    return events;
  }

  /** Holds a piece of a line. Outside a frame only as much as a control line can need. */
  #keep(piece: string, events: FrameEvent[]): void {
    if (piece === '') return;
    if (this.#open !== undefined && this.#open.size + this.#restSize + piece.length > this.#limit) {
      events.push({ kind: 'broken', seq: this.#open.seq, why: 'too-big' });
      this.#open = undefined;
    }
    if (this.#open === undefined && this.#restSize > 4096) return;
    this.#rest.push(this.#open === undefined ? piece.slice(0, 8192) : piece);
    this.#restSize += piece.length;
  }

  #line(line: string, events: FrameEvent[]): void {
    const open = this.#open;
    if (!line.startsWith(this.#mark)) {
      if (open === undefined) return;
      open.size += line.length + 1;
      if (open.size > this.#limit) {
        events.push({ kind: 'broken', seq: open.seq, why: 'too-big' });
        this.#open = undefined;
      } else {
        open.part?.lines.push(line);
      }
      return;
    }
    const [verb = '', value = ''] = line.slice(this.#mark.length).split(' ');
    switch (verb) {
      case 'begin':
        if (open !== undefined) events.push({ kind: 'broken', seq: open.seq, why: 'truncated' });
        this.#open = { seq: Number(value), parts: [], part: undefined, size: 0 };
        break;
      case 'part':
        closePart(open, undefined);
        if (open !== undefined) open.part = { name: value, lines: [] };
        break;
      case 'done':
        closePart(open, Number(value));
        break;
      case 'end':
        if (open === undefined) break;
        closePart(open, undefined);
        this.#open = undefined;
        events.push(
          open.seq === Number(value)
            ? { kind: 'frame', frame: { seq: open.seq, parts: open.parts } }
            : { kind: 'broken', seq: open.seq, why: 'truncated' },
        );
        break;
    }
  }
}

function closePart(frame: OpenFrame | undefined, status: number | undefined): void {
  if (frame?.part === undefined) return;
  frame.parts.push({ name: frame.part.name, text: frame.part.lines.join('\n'), status });
  frame.part = undefined;
}
