/**
 * Escape sequences of terminals (ECMA-48): CSI, the strings OSC, DCS, SOS, PM and APC with their terminator, and the
 * two-character ones. A string without its terminator loses only its introducer, so that it cannot hide the rest. No
 * body holds an introducer, so that the search takes time in proportion to the text.
 */
const SEQUENCES = new RegExp(
  [
    String.raw`(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]`,
    String.raw`(?:\u001b[\]PX^_]|[\u009d\u0090\u0098\u009e\u009f])[^\u0007\u001b\u0080-\u009f]*(?:\u0007|\u001b\\|\u009c)`,
    String.raw`\u001b[ -/]*[0-~]`,
  ].join('|'),
  'g',
);

/** All control characters but newline and tab, and the invisible ones that reorder text (bidirectional controls). */
const CONTROLS = new RegExp(String.raw`[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]`, 'g');

/**
 * Makes a program's output safe to show as plain text: no escape sequences, no control characters but `\n` and `\t`,
 * no lone surrogates. What remains is data; nobody may read it as Markdown or HTML.
 */
export function sanitize(text: string): string {
  return text.replaceAll('\r\n', '\n').replace(SEQUENCES, '').replace(CONTROLS, '').replace(/\p{Cs}/gu, '\u{fffd}');
}

/** Text from a host as a part of one line, safe to show: as {@link sanitize}, and it cannot begin a line of its own. */
export function inline(text: string): string {
  return sanitize(text).replace(/[\n\t\u2028\u2029]+/g, ' ');
}

/** Decodes a program's output as UTF-8 (what is not becomes U+FFFD) and makes it safe to show. */
export function sanitizeBytes(bytes: Uint8Array): string {
  return sanitize(new TextDecoder().decode(bytes));
}

/** The first line with something in it, safe to show, at most `limit` characters: for "it said: …". */
export function firstLine(text: string, limit = 200): string {
  const line = sanitize(text)
    .split('\n')
    .map((part) => part.replaceAll('\t', ' ').trim())
    .find((part) => part !== '');
  if (line === undefined) return '';
  return line.length > limit ? `${line.slice(0, limit - 1)}…` : line;
}
