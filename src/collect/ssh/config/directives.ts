import { isAbsolute, join } from 'node:path';
import SSHConfig, { LineType, type Line } from 'ssh-config';
import { english, msg } from '../../../core/message.js';
import { TransportError } from '../../transport.js';
import { matchPatternList } from '../pattern.js';
import type { ConfigFiles } from './configFiles.js';
import type { ConfigSource } from './sources.js';
import { expandHome } from './tokens.js';

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
  readonly secondReading: boolean;
  readonly hostName: () => string;
  readonly user: () => string;
  /** What is said about a `Match exec`, which is never run here. */
  readonly execRefused: () => TransportError;
}

/** OpenSSH follows includes to this depth (readconf.c, READCONF_MAX_DEPTH). */
export const MAX_INCLUDE_DEPTH = 16;

/**
 * Options whose value is a command line: the rest of the line as it stands, quotes and `#` included (readconf.c,
 * parse_command). They pass through the parser encoded, because it splits and unquotes.
 */
const COMMANDS: ReadonlySet<string> = new Set(['proxycommand', 'knownhostscommand', 'localcommand', 'remotecommand']);
const COMMAND_LINE = new RegExp(`^([ \\t]*(?:${[...COMMANDS].join('|')})(?:[ \\t]*=[ \\t]*|[ \\t]+))(\\S.*?)[ \\t\\r\\f]*$`, 'gim');

/** Parses one file. Rejects with a sentence that names the file when it cannot be understood. */
export function parseConfig(text: string, path: string): readonly Line[] {
  try {
    return SSHConfig.parse(text.replace(COMMAND_LINE, (_whole, head: string, command: string) => head + encodeURIComponent(command)));
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
  const name = line.param.toLowerCase();
  const values = typeof line.value === 'string' ? [line.value] : line.value.map(({ val }) => val);
  return { name, values: COMMANDS.has(name) ? values.map(decodeURIComponent) : values };
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
    if (isOddPattern(value)) throw notEvaluated(source.path, `Include ${value}`);
    const path = expandHome(value, home);
    for (const file of await files.glob(isAbsolute(path) ? path : join(source.folder, path))) {
      found.push({ path: file, folder: source.folder });
    }
  }
  return found;
}

/** Whether an `Include` uses more than `~`, `*` and `?`: sets of characters, tokens, variables, other users' folders. */
export function isOddPattern(value: string): boolean {
  return /[[\]{}$%\\"']/.test(value) || /^~[^/]/.test(value);
}

function notEvaluated(where: string, what: string): TransportError {
  return new TransportError(
    'unsupported',
    english(msg('The SSH configuration of {0} uses "{1}", which is not evaluated here.', where, what)),
    english(msg('Open the host with Remote - SSH instead; it is then looked at as the local machine.')),
  );
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
    // Holds in the second reading too, but does not ask for it (readconf.c, match_cfg_line).
    else if (condition === 'canonical') holds = context.secondReading;
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
        case 'exec':
          throw context.execRefused();
        default:
          throw notEvaluated(context.alias, `Match ${condition}`);
      }
    }
    if (holds === negated) return false;
  }
  return words.length > 0;
}
