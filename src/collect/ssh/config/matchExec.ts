import type { SshMachine } from '../types.js';
import { directiveOf, includedFiles, isOddPattern, MAX_INCLUDE_DEPTH, parseConfig } from './directives.js';
import { configSources, type ConfigSource } from './sources.js';

/**
 * Whether reading the configuration with `ssh` could run a program: whether any `Match` line of any file names `exec`,
 * whatever host it is about. Answers `true` as well when that cannot be told.
 *
 * Lines are looked at as text, not through the parser: a line that it reads otherwise than ssh must not slip through.
 */
export async function mayRunMatchExec(machine: SshMachine): Promise<boolean> {
  const seen = new Set<string>();
  const visit = async (source: ConfigSource, depth: number): Promise<boolean> => {
    if (seen.has(source.path)) return false;
    if (depth > MAX_INCLUDE_DEPTH) return true;
    seen.add(source.path);
    const text = await machine.files.read(source.path);
    if (text === undefined) return false;
    for (const raw of text.split(/[\n\r]/)) {
      const line = raw.replace(/^[\s\p{Cc}"'=]+/u, '').toLowerCase();
      if (line.startsWith('match') && line.includes('exec')) return true;
      if (!line.startsWith('include')) continue;
      const [parsed] = parseConfig(raw, source.path);
      const directive = parsed === undefined ? undefined : directiveOf(parsed);
      if (directive?.name !== 'include' || directive.values.some(isOddPattern) || /\\/.test(raw)) return true;
      for (const file of await includedFiles(directive, source, machine.files, machine.home)) {
        if (await visit(file, depth + 1)) return true;
      }
    }
    return false;
  };
  try {
    for (const source of configSources(machine)) if (await visit(source, 0)) return true;
    return false;
  } catch {
    // A file that cannot be read or parsed here may still be one that ssh reads.
    return true;
  }
}
