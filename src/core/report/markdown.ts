/**
 * Text from a host in a Markdown document: it is shown, and it does nothing. Each function takes any text at all.
 */

/** Control characters, and the invisible ones that reorder text or hide in it. */
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g;

/** Ends what would otherwise become a link or notify somebody: invisible, and of no width (U+2060). */
const JOINER = '\u2060';

function clean(text: string): string {
  return text.replaceAll('\r\n', '\n').replace(CONTROLS, '\ufffd').replace(/\p{Cs}/gu, '\ufffd');
}

function oneLine(text: string): string {
  return clean(text).replace(/[\n\t\u2028\u2029]+/g, ' ').trim();
}

/**
 * A sentence. What Markdown reads as more than text is escaped (CommonMark 2.4); renderers that link addresses, mention
 * people or number issues look at what comes after the escapes, so that those are broken up by a character that nobody sees.
 */
export function plainText(text: string): string {
  return oneLine(text)
    .replace(/[\\`*_{}[\]<>#|~&!$@]/g, '\\$&')
    .replace(/\\[@#]/g, `$&${JOINER}`)
    .replaceAll('://', `${JOINER}:${JOINER}//`)
    .replace(/\bwww(?=\.)/gi, `$&${JOINER}`)
    // A dot before letters may end a host's name, which some renderers make a link of.
    .replace(/\.(?=[\p{L}\p{N}-])/gu, '\\.')
    // What begins a list, a heading or a rule where it begins a line.
    .replace(/^(?:[-+=:]|\d{1,9}(?=[.)]))/, (mark) => (/^\d/.test(mark) ? `${mark}${JOINER}` : `\\${mark}`));
}

/** A name or a value, as a code span. Inside a table the pipe is escaped too (GFM 4.10). */
export function code(text: string): string {
  const line = oneLine(text).replaceAll('|', '\\|');
  if (line === '') return '–';
  const ticks = '`'.repeat(longestRun(line) + 1);
  const padding = line.startsWith('`') || line.endsWith('`') ? ' ' : '';
  return `${ticks}${padding}${line}${padding}${ticks}`;
}

/** Most characters of one block that are kept. */
const MOST_CHARACTERS = 16_000;

export interface Fenced {
  readonly block: string;
  /** How many characters were left out. */
  readonly leftOut: number;
}

/** Several lines as a fenced block that nothing in them can end. `info`: the language, our own word. */
export function fenced(text: string, info: string): Fenced {
  const all = clean(text);
  // Not between the halves of a pair.
  const kept = all.length > MOST_CHARACTERS ? all.slice(0, MOST_CHARACTERS).replace(/\p{Cs}$/u, '') : all;
  const ticks = '`'.repeat(Math.max(3, longestRun(kept) + 1));
  return { block: `${ticks}${info}\n${kept.replace(/\n$/, '')}\n${ticks}`, leftOut: all.length - kept.length };
}

function longestRun(text: string): number {
  return (text.match(/`+/g) ?? []).reduce((longest, run) => Math.max(longest, run.length), 0);
}

/** A table; the cells are Markdown already. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
