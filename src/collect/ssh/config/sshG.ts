import { Settings } from './settings.js';

/** Options of which `ssh -G` prints several paths on one line, separated by spaces and not quoted. */
const PATH_LISTS: ReadonlySet<string> = new Set(['userknownhostsfile', 'globalknownhostsfile']);

/**
 * Reads what `ssh -G` prints: one option per line, the name and its value as it was written, which may hold spaces.
 * Everything that ssh knows is printed, with its default where nothing else was configured.
 */
export function parseSshG(text: string): Settings {
  const settings = new Settings();
  for (const line of text.split(/\r?\n/)) {
    const match = /^([A-Za-z][A-Za-z0-9]*) +(.*)$/.exec(line);
    if (match?.[1] === undefined || match[2] === undefined) continue;
    const name = match[1].toLowerCase();
    // The name that was asked for, not an option.
    if (name === 'host') continue;
    settings.take(name, PATH_LISTS.has(name) ? splitPaths(match[2]) : [match[2]]);
  }
  return settings;
}

/**
 * Splits a list of paths that was printed without quotes. A word that does not begin like a path belongs to the one
 * before it, whose name then has a space.
 */
function splitPaths(text: string): string[] {
  const paths: string[] = [];
  for (const word of text.split(' ')) {
    const begins = /^(?:[/~%$.]|[A-Za-z]:[\\/]|__)/.test(word);
    const last = paths.at(-1);
    if (last === undefined || begins) paths.push(word);
    else paths[paths.length - 1] = `${last} ${word}`;
  }
  return paths;
}
