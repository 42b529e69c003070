import { createHash } from 'node:crypto';
import { join } from 'node:path';

/** Values of the percent tokens, by letter; see ssh_config(5), TOKENS. */
export type Tokens = ReadonlyMap<string, string>;

/** What the tokens of one connection stand for. */
export interface TokenValues {
  /** The name as it was given (`%n`). */
  readonly alias: string;
  readonly hostName: string;
  readonly port: number;
  readonly user: string;
  readonly hostKeyAlias: string | undefined;
  /** The `ProxyJump` list as written, empty without one (`%j`). */
  readonly jumps: string;
  readonly home: string;
  readonly localUser: string;
  readonly localHostName: string;
  readonly userId: number | undefined;
}

/** The tokens that paths may hold (ssh.c, default_client_percent_expand). */
export function pathTokens(values: TokenValues): Tokens {
  const { alias, hostName, port, user, jumps, localHostName } = values;
  const connection = createHash('sha1').update(`${localHostName}${hostName}${port}${user}${jumps}`).digest('hex');
  const tokens = new Map([
    ['C', connection],
    ['d', values.home],
    ['h', hostName],
    ['j', jumps],
    ['k', values.hostKeyAlias ?? alias],
    ['L', localHostName.replace(/\..*$/s, '')],
    ['l', localHostName],
    ['n', alias],
    ['p', String(port)],
    ['r', user],
    ['u', values.localUser],
  ]);
  return values.userId === undefined ? tokens : tokens.set('i', String(values.userId));
}

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
