import { join } from 'node:path';

/** Values of the percent tokens, by letter; see ssh_config(5), TOKENS. */
export type Tokens = ReadonlyMap<string, string>;

/** Replaces a leading `~` or `~/`. Another user's folder (`~name`) is left alone: it is then simply not found. */
export function expandHome(path: string, home: string): string {
  if (path === '~') return home;
  return path.startsWith('~/') || path.startsWith('~\\') ? join(home, path.slice(2)) : path;
}

/** Expands `%x` and `%%`. Answers the first token that has no value as `{ unknown }`. */
export function expandTokens(text: string, tokens: Tokens): { readonly text: string } | { readonly unknown: string } {
  let unknown: string | undefined;
  const expanded = text.replace(/%(.?)/g, (whole, letter: string) => {
    if (letter === '%') return '%';
    const value = tokens.get(letter);
    if (value === undefined) unknown ??= whole;
    return value ?? whole;
  });
  return unknown === undefined ? { text: expanded } : { unknown };
}

/** Expands `${NAME}`. Answers the first variable that is not set as `{ unknown }`. */
export function expandVariables(
  text: string,
  env: ReadonlyMap<string, string>,
): { readonly text: string } | { readonly unknown: string } {
  let unknown: string | undefined;
  const expanded = text.replace(/\$\{([^}]*)\}/g, (whole, name: string) => {
    const value = env.get(name);
    if (value === undefined) unknown ??= whole;
    return value ?? whole;
  });
  return unknown === undefined ? { text: expanded } : { unknown };
}
