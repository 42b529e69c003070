import { lines } from '../parse/text.js';

/** What one command of a script printed. */
export interface Section {
  readonly name: string;
  readonly lines: readonly string[];
  /** Exit status; `undefined` when the output was cut off before it. */
  readonly status: number | undefined;
}

/** Cuts a script's output at its lines `droplens-section NAME` and `droplens-status N`. */
export function sectionsOf(text: string): readonly Section[] {
  const sections: { name: string; lines: string[]; status: number | undefined }[] = [];
  for (const { text: line } of lines(text)) {
    const head = /^droplens-section ([a-z0-9-]{1,40})$/.exec(line)?.[1];
    const current = sections.at(-1);
    if (head !== undefined) {
      sections.push({ name: head, lines: [], status: undefined });
      continue;
    }
    const status = /^droplens-status (\d{1,3})$/.exec(line)?.[1];
    if (current !== undefined && status !== undefined) current.status = Number(status);
    else current?.lines.push(line);
  }
  return sections;
}
