import type { Line } from 'ssh-config';
import type { SshMachine } from '../types.js';
import { directiveOf, includedFiles, isOddPattern, MAX_INCLUDE_DEPTH, parseConfig, sectionOf } from './directives.js';
import { configSources, type ConfigSource } from './sources.js';

/**
 * Host names of the configuration for a picker, in the order of the files: names without wildcards, not negated.
 * Includes are followed wherever they stand. Rejects with a sentence when a file cannot be understood.
 */
export async function listSshHosts(machine: SshMachine): Promise<string[]> {
  const names = new Set<string>();
  const visited = new Set<string>();
  const visit = async (source: ConfigSource, depth: number): Promise<void> => {
    if (depth > MAX_INCLUDE_DEPTH || visited.has(source.path)) return;
    visited.add(source.path);
    const text = await machine.files.read(source.path);
    if (text !== undefined) await collect(parseConfig(text, source.path), source, depth);
  };
  const collect = async (lines: readonly Line[], source: ConfigSource, depth: number): Promise<void> => {
    for (const line of lines) {
      const directive = directiveOf(line);
      if (directive === undefined) continue;
      if (directive.name === 'include') {
        // A pattern that is not understood only leaves its names out of the list.
        const plain = { ...directive, values: directive.values.filter((value) => !isOddPattern(value)) };
        for (const file of await includedFiles(plain, source, machine.files, machine.home)) await visit(file, depth + 1);
      } else if (directive.name === 'host') {
        for (const name of directive.values) if (isPlainName(name)) names.add(name);
      }
      await collect(sectionOf(line), source, depth);
    }
  };
  for (const source of configSources(machine)) await visit(source, 0);
  return [...names];
}

function isPlainName(name: string): boolean {
  return name !== '' && !/[*?]/.test(name) && !/^[!-]/.test(name) && !/[\s\p{Cc}]/u.test(name);
}
