import type { Library } from './library.js';

/** Every program that a command of a runbook needs: the probe tells at the start which of them a host has. */
export function toolsOf(library: Library): readonly string[] {
  const tools = new Set<string>();
  for (const { commands } of library.runbooks.values()) {
    for (const command of commands.values()) for (const tool of command.tools) tools.add(tool);
  }
  return [...tools].sort();
}
