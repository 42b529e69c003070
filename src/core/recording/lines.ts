import { msg, type Message } from '../message.js';
import type { Json, Sha256 } from './types.js';

/** The version of the format that this program writes, and the newest that it reads. */
export const FORMAT = 1;

/** Most bytes of a file, and most characters of one line in it. */
export const MOST_BYTES = 64 * 1024 * 1024;
export const MOST_CHARACTERS = 24 * 1024 * 1024;
export const MOST_LINES = 100_000;

/** The word that every recording begins with, so that another file is told from a damaged one. */
const MAGIC = 'droplens-recording';

/** A record of a file: the members of one JSON object, by name. */
export type Entry = ReadonlyMap<string, unknown>;

export type ReadLines =
  | { readonly kind: 'entries'; readonly entries: readonly Entry[] }
  | { readonly kind: 'refused'; readonly why: Message };

const refused = (why: Message): ReadLines => ({ kind: 'refused', why });

/**
 * Writes records as lines `["HASH",RECORD]`, where HASH is over the line's record and the hash before it, and closes
 * them with a line that tells how many there are. The first line says which format this is.
 */
export function writeLines(records: Iterable<Json>, sha256: Sha256): string {
  const lines: string[] = [];
  let before = '';
  const add = (record: Json): void => {
    const text = JSON.stringify(record);
    before = sha256(`${before}\n${text}`);
    lines.push(`["${before}",${text}]\n`);
  };
  add({ kind: MAGIC, format: FORMAT });
  for (const record of records) add(record);
  add({ kind: 'end', lines: lines.length });
  return lines.join('');
}

/**
 * Reads what {@link writeLines} wrote, without the first and the last line. A file that was cut, changed or put in
 * another order is refused, with the line at which that shows. It is no proof against forgery: whoever rewrites a file
 * can make its hashes anew.
 */
export function readLines(text: string, sha256: Sha256): ReadLines {
  if (!text.startsWith('["')) return refused(msg('This is not a recording of Droplens.'));
  const lines = text.split('\n', MOST_LINES + 2);
  if (lines.length > MOST_LINES + 1) return refused(msg('The recording has more than {0} lines.', MOST_LINES));
  const rest = lines.pop();
  if (rest !== '') return refused(msg('The recording was cut off in line {0}.', lines.length + 1));
  const entries: Entry[] = [];
  let before = '';
  for (const [index, line] of lines.entries()) {
    const number = index + 1;
    if (line.length > MOST_CHARACTERS) return refused(msg('Line {0} of the recording is longer than {1} characters.', number, MOST_CHARACTERS));
    const entry = entryOf(line);
    if (entry === undefined) return refused(number === 1 ? msg('This is not a recording of Droplens.') : msg('Line {0} of the recording is damaged.', number));
    // The version comes before the hashes, which a later format may make in another way.
    if (index === 0) {
      const problem = problemOfFirst(entry.record);
      if (problem !== undefined) return refused(problem);
    }
    if (sha256(`${before}\n${entry.text}`) !== entry.hash) {
      return refused(msg('The recording was changed: line {0} is not what was written, or lines before it are missing or moved.', number));
    }
    before = entry.hash;
    entries.push(entry.record);
  }
  const last = entries.at(-1);
  if (last?.get('kind') !== 'end') return refused(msg('The recording was cut off: it ends after line {0}, without its closing line.', lines.length));
  if (last.get('lines') !== lines.length - 1) return refused(msg('The closing line of the recording speaks of another number of lines than {0}.', lines.length - 1));
  return { kind: 'entries', entries: entries.slice(1, -1) };
}

function problemOfFirst(record: Entry): Message | undefined {
  if (record.get('kind') !== MAGIC) return msg('This is not a recording of Droplens.');
  const format = record.get('format');
  if (typeof format !== 'number' || !Number.isInteger(format) || format < 1) return msg('The recording does not tell the version of its format.');
  return format > FORMAT ? msg('The recording has format {0}, and this version of Droplens reads formats up to {1}. Update Droplens to open it.', format, FORMAT) : undefined;
}

interface Line {
  readonly hash: string;
  readonly text: string;
  readonly record: Entry;
}

const FRAME = /^\["([0-9a-f]{64})",(\{.*\})\]$/s;

function entryOf(line: string): Line | undefined {
  const [, hash, text] = FRAME.exec(line) ?? [];
  if (hash === undefined || text === undefined) return undefined;
  const record = membersOf(parseJson(text));
  return record === undefined ? undefined : { hash, text, record };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * The members of a JSON object as a Map, so that a name such as `__proto__` is a name and nothing else; `undefined` for
 * anything that is not an object.
 */
export function membersOf(value: unknown): Entry | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? new Map<string, unknown>(Object.entries(value)) : undefined;
}
