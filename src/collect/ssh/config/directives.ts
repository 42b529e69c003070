import { isAbsolute, join } from 'node:path';
import SSHConfig, { LineType, type Line } from 'ssh-config';
import { english, msg } from '../../../core/message.js';
import { TransportError } from '../../transport.js';
import { matchPatternList } from '../pattern.js';
import type { ConfigFiles } from './configFiles.js';
import { expandHome } from './tokens.js';

/** One configuration file to read, and the folder to which its relative `Include` paths belong. */
export interface ConfigSource {
  readonly path: string;
  readonly folder: string;
}

/** The words of one line. `name` is in lower case, because directive names are not case-sensitive. */
export interface Directive {
  readonly name: string;
  readonly values: readonly string[];
}

/** What a line's condition is compared with. The current values come from the lines above it (first value wins). */
export interface MatchContext {
  /** The name as the person gave it. */
  readonly alias: string;
  /** What `Host` patterns are compared with: the alias, and in the second reading the name that it stands for. */
  readonly host: string;
  readonly localUser: string;
  /** `Match final` holds only when the files are read a second time. */
  readonly final: boolean;
  readonly hostName: () => string;
  readonly user: () => string;
}

/** OpenSSH follows includes to this depth (readconf.c, READCONF_MAX_DEPTH). */
export const MAX_INCLUDE_DEPTH = 16;

/** Parses one file. Rejects with a sentence that names the file when it cannot be understood. */
export function parseConfig(text: string, path: string): readonly Line[] {
  try {
    return SSHConfig.parse(text);
  } catch (error) {
    throw new TransportError(
      'unsupported',
      english(msg('The SSH configuration {0} could not be understood.', path)),
      english(msg('Check it with "ssh -G HOST".')),
      { cause: error },
    );
  }
}

/** The words of a line, `undefined` for comments and empty lines. */
export function directiveOf(line: Line): Directive | undefined {
  if (line.type !== LineType.DIRECTIVE) return undefined;
  const values = typeof line.value === 'string' ? [line.value] : line.value.map(({ val }) => val);
  return { name: line.param.toLowerCase(), values };
}

/** Files that an `Include` names: relative ones belong to the folder of the including file's kind (ssh_config(5)). */
export async function includedFiles(
  directive: Directive,
  source: ConfigSource,
  files: ConfigFiles,
  home: string,
): Promise<ConfigSource[]> {
  const found: ConfigSource[] = [];
  for (const value of directive.values) {
    const path = expandHome(value, home);
    for (const file of await files.glob(isAbsolute(path) ? path : join(source.folder, path))) {
      found.push({ path: file, folder: source.folder });
    }
  }
  return found;
}

/**
 * The lines that apply to a host, in order. Follows `Include` where it stands, so that an include inside a `Host`
 * block counts only when the block does. `seen` holds the files being read: one that includes itself is read once.
 */
export async function* activeDirectives(
  source: ConfigSource,
  files: ConfigFiles,
  home: string,
  context: MatchContext,
  seen: readonly string[] = [],
): AsyncGenerator<Directive> {
  if (seen.includes(source.path) || seen.length > MAX_INCLUDE_DEPTH) return;
  const text = await files.read(source.path);
  if (text === undefined) return;
  const inside = [...seen, source.path];
  const lines = async function* (block: readonly Line[]): AsyncGenerator<Directive> {
    for (const line of block) {
      const directive = directiveOf(line);
      if (directive === undefined) continue;
      if (directive.name === 'include') {
        for (const file of await includedFiles(directive, source, files, home)) {
          yield* activeDirectives(file, files, home, context, inside);
        }
      } else if (directive.name === 'host') {
        if (matchPatternList(context.host, directive.values)) yield* lines(sectionOf(line));
      } else if (directive.name === 'match') {
        if (matchHolds(directive.values, context)) yield* lines(sectionOf(line));
      } else {
        yield directive;
      }
    }
  };
  yield* lines(parseConfig(text, source.path));
}

/** The lines below a `Host` or `Match`. */
export function sectionOf(line: Line): readonly Line[] {
  return 'config' in line ? line.config : [];
}

/**
 * Evaluates the words of a `Match` line from left to right, as OpenSSH does: the first word that does not hold decides.
 * Nothing is ever run; a condition that would need it (`exec`) or is not known here is refused, because to guess it
 * could send the connection elsewhere. It is only refused when the words before it hold for this host.
 */
function matchHolds(words: readonly string[], context: MatchContext): boolean {
  for (let index = 0; index < words.length; index++) {
    const word = (words[index] ?? '').toLowerCase();
    const negated = word.startsWith('!');
    const condition = negated ? word.slice(1) : word;
    let holds: boolean;
    if (condition === 'all') holds = true;
    else if (condition === 'final') holds = context.final;
    else {
      const patterns = (words[++index] ?? '').split(',');
      switch (condition) {
        case 'host':
          holds = matchPatternList(context.hostName().toLowerCase(), patterns);
          break;
        case 'originalhost':
          holds = matchPatternList(context.alias, patterns);
          break;
        case 'user':
          holds = matchPatternList(context.user(), patterns);
          break;
        case 'localuser':
          holds = matchPatternList(context.localUser, patterns);
          break;
        default:
          throw new TransportError(
            'unsupported',
            english(msg('The SSH configuration of {0} uses "Match {1}", which is not evaluated here.', context.alias, condition)),
            english(msg('Open the host with Remote - SSH instead; it is then looked at as the local machine.')),
          );
      }
    }
    if (holds === negated) return false;
  }
  return words.length > 0;
}
