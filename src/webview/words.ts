import type { WebviewStrings, Word } from '../protocol/webview.js';

/** Says a word of the page in the display language, its `{0}`, `{1}` … filled in. */
export type Say = (word: Word, ...values: readonly (string | number)[]) => string;

export function speaker(strings: WebviewStrings): Say {
  return (word, ...values) =>
    strings[word].replace(/\{(\d+)\}/g, (whole, index: string) => String(values[Number(index)] ?? whole));
}
