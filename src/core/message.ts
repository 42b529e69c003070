/**
 * A sentence for a person: an English template with `{0}`, `{1}` … and its values. The edge (server, command line)
 * translates the template and fills it in, so that the core needs no translation library.
 */
export interface Message {
  readonly text: string;
  readonly args: readonly (string | number)[];
}

/** Makes a message. The template must be a literal: the localisation bundle is extracted from these calls. */
export function msg(text: string, ...args: readonly (string | number)[]): Message {
  return { text, args };
}

/** Fills a template's `{n}` from the values; an index without a value stays as it is. */
export function fill(template: string, args: readonly (string | number)[]): string {
  return template.replace(/\{(\d+)\}/g, (whole, index: string) => {
    const value = args[Number(index)];
    return value === undefined ? whole : String(value);
  });
}

/** The English text of a message. */
export function english(message: Message): string {
  return fill(message.text, message.args);
}
