import { msg, type Message } from '../message.js';
import type { HostInfo } from '../sample.js';
import type { Tier } from '../sources.js';
import { membersOf, readLines, type Entry } from './lines.js';
import type {
  Json,
  RecordedAnswer,
  RecordedChange,
  RecordedCommand,
  RecordedPart,
  RecordedRoot,
  RecordedTrace,
  RecordedWindow,
  Recording,
  RecordingHeader,
  RootAnswer,
  Sha256,
} from './types.js';

export type ReadRecording =
  | { readonly kind: 'recording'; readonly recording: Recording }
  | { readonly kind: 'refused'; readonly why: Message };

/** A record without a member that it needs, or with one of another kind. Caught in {@link readRecording}. */
class Misshapen extends Error {}

/**
 * Reads a file's text. Never throws: what is not whole, not ours or of a later format is refused with a sentence that
 * names the line. Kinds of records that this version does not know are refused, since leaving one out would be silent.
 */
export function readRecording(text: string, sha256: Sha256): ReadRecording {
  const lines = readLines(text, sha256);
  if (lines.kind === 'refused') return lines;
  const reader = new Reader();
  for (const [index, entry] of lines.entries.entries()) {
    try {
      reader.take(entry);
    } catch (error) {
      if (!(error instanceof Misshapen)) throw error;
      // The first line of the file is not among the entries, and people count from 1.
      return { kind: 'refused', why: msg('Line {0} of the recording cannot be understood: {1}.', index + 2, error.message) };
    }
  }
  return reader.result();
}

class Reader {
  #header: RecordingHeader | undefined;
  #hello: readonly RecordedPart[] | undefined;
  readonly #answers: RecordedAnswer[] = [];
  readonly #known = new Set<number>();
  readonly #windows: RecordedWindow[] = [];
  readonly #commands: RecordedCommand[] = [];
  readonly #changes: RecordedChange[] = [];

  take(entry: Entry): void {
    const kind = string(entry, 'kind');
    if (kind !== 'header' && this.#header === undefined) throw new Misshapen('it stands before the header');
    switch (kind) {
      case 'header':
        if (this.#header !== undefined) throw new Misshapen('it is a second header');
        this.#header = header(entry);
        break;
      case 'hello':
        this.#hello = parts(entry, 'parts');
        break;
      case 'answer': {
        const found = answer(entry);
        if (this.#known.has(found.seq)) throw new Misshapen(`there are two answers number ${found.seq}`);
        this.#known.add(found.seq);
        this.#answers.push(found);
        break;
      }
      case 'window': {
        const found = window(entry);
        const missing = found.answers.find((seq) => !this.#known.has(seq));
        if (missing !== undefined) throw new Misshapen(`there is no answer number ${missing}`);
        if (found.answers.length === 0) throw new Misshapen('the window has no answers');
        this.#windows.push(found);
        break;
      }
      case 'command':
        this.#commands.push(command(entry));
        break;
      case 'change':
        this.#changes.push(change(entry));
        break;
      default:
        throw new Misshapen('it is of an unknown kind');
    }
  }

  result(): ReadRecording {
    if (this.#header === undefined || this.#hello === undefined) return { kind: 'refused', why: msg('The recording does not say which host it is of.') };
    if (this.#answers.length === 0) return { kind: 'refused', why: msg('The recording holds no samples.') };
    return {
      kind: 'recording',
      recording: {
        header: this.#header,
        hello: this.#hello,
        answers: this.#answers,
        windows: this.#windows,
        commands: this.#commands,
        changes: this.#changes,
      },
    };
  }
}

function header(entry: Entry): RecordingHeader {
  const began = string(entry, 'began');
  if (Number.isNaN(Date.parse(began))) throw new Misshapen('“began” is not a time');
  return {
    product: string(entry, 'product'),
    target: string(entry, 'target'),
    host: host(members(entry, 'host')),
    began,
    inNamespace: boolean(entry, 'inNamespace'),
    commandSeconds: number(entry, 'commandSeconds'),
    redacted: boolean(entry, 'redacted'),
  };
}

function host(entry: Entry): HostInfo {
  return {
    name: string(entry, 'name'),
    kernel: string(entry, 'kernel'),
    bootId: string(entry, 'bootId'),
    uid: entry.has('uid') ? number(entry, 'uid') : undefined,
    tools: new Set(list(entry, 'tools').map((tool) => aString(tool, 'tools'))),
  };
}

function answer(entry: Entry): RecordedAnswer {
  return { seq: number(entry, 'seq'), tiers: list(entry, 'tiers').map(tier), parts: parts(entry, 'parts') };
}

function tier(value: unknown): Tier {
  if (value !== 'fast' && value !== 'medium' && value !== 'slow') throw new Misshapen('“tiers” has an unknown word');
  return value;
}

function parts(entry: Entry, name: string): readonly RecordedPart[] {
  return list(entry, name).map((value) => {
    const part = membersOf(value);
    if (part === undefined) throw new Misshapen(`“${name}” has something that is not a part`);
    return { name: string(part, 'name'), text: string(part, 'text'), status: part.has('status') ? number(part, 'status') : undefined };
  });
}

function window(entry: Entry): RecordedWindow {
  return {
    at: number(entry, 'at'),
    answers: list(entry, 'answers').map((value) => aNumber(value, 'answers')),
    root: root(members(entry, 'root')),
    // Whatever JSON holds is plain data; its shape is checked by whoever shows it.
    report: (entry.get('report') ?? null) as Json,
  };
}

function root(entry: Entry): RecordedRoot {
  switch (entry.get('kind')) {
    case 'without':
      return { kind: 'without', why: message(members(entry, 'why')), how: entry.has('how') ? message(members(entry, 'how')) : undefined };
    case 'looked':
      return {
        kind: 'looked',
        hello: parts(entry, 'hello'),
        begin: rootAnswer(members(entry, 'begin')),
        trace: trace(members(entry, 'trace')),
        end: rootAnswer(members(entry, 'end')),
      };
    default:
      throw new Misshapen('“root” is of an unknown kind');
  }
}

function rootAnswer(entry: Entry): RootAnswer {
  return entry.get('kind') === 'answer' ? { kind: 'answer', answer: answer(entry) } : { kind: 'failed', why: string(entry, 'why') };
}

function trace(entry: Entry): RecordedTrace {
  if (entry.get('kind') !== 'printed') return { kind: 'failed', why: string(entry, 'why') };
  return { kind: 'printed', begun: string(entry, 'begun'), ended: entry.has('ended') ? string(entry, 'ended') : undefined };
}

function message(entry: Entry): Message {
  const args = list(entry, 'args').map((value) => {
    if (typeof value !== 'string' && typeof value !== 'number') throw new Misshapen('“args” has something that is no word and no number');
    return value;
  });
  return { text: string(entry, 'text'), args };
}

function command(entry: Entry): RecordedCommand {
  const env = list(entry, 'env').map((pair): readonly [string, string] => {
    if (!Array.isArray(pair) || pair.length !== 2) throw new Misshapen('“env” has something that is not a pair');
    return [aString(pair[0], 'env'), aString(pair[1], 'env')];
  });
  return {
    at: number(entry, 'at'),
    runbook: string(entry, 'runbook'),
    command: string(entry, 'command'),
    hash: string(entry, 'hash'),
    script: string(entry, 'script'),
    env,
    exit: entry.get('exit') === null ? null : number(entry, 'exit'),
    seconds: number(entry, 'seconds'),
    output: string(entry, 'output'),
    truncated: boolean(entry, 'truncated'),
    timedOut: boolean(entry, 'timedOut'),
  };
}

function change(entry: Entry): RecordedChange {
  return {
    when: number(entry, 'when'),
    title: string(entry, 'title'),
    commands: list(entry, 'commands').map((value) => aString(value, 'commands')),
    before: string(entry, 'before'),
    after: string(entry, 'after'),
    outcome: string(entry, 'outcome'),
    proof: string(entry, 'proof'),
  };
}

function string(entry: Entry, name: string): string {
  return aString(entry.get(name), name);
}

function aString(value: unknown, name: string): string {
  if (typeof value !== 'string') throw new Misshapen(`“${name}” is not a text`);
  return value;
}

function number(entry: Entry, name: string): number {
  return aNumber(entry.get(name), name);
}

function aNumber(value: unknown, name: string): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw new Misshapen(`“${name}” is not a number`);
  return value;
}

function boolean(entry: Entry, name: string): boolean {
  const value = entry.get(name);
  if (typeof value !== 'boolean') throw new Misshapen(`“${name}” is neither true nor false`);
  return value;
}

function list(entry: Entry, name: string): readonly unknown[] {
  const value: unknown = entry.get(name);
  if (!Array.isArray(value)) throw new Misshapen(`“${name}” is not a list`);
  return value as readonly unknown[];
}

function members(entry: Entry, name: string): Entry {
  const found = membersOf(entry.get(name));
  if (found === undefined) throw new Misshapen(`“${name}” is not an object`);
  return found;
}
