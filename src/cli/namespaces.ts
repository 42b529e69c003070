import { inline } from '../collect/sanitize.js';
import { english, msg, type Message } from '../core/message.js';
import type { FoundKind } from '../core/namespaces/found.js';
import type { NamespaceInfo, NamespaceList } from '../protocol/namespaces.js';

const KINDS: Readonly<Record<FoundKind, Message>> = {
  pod: msg('Pods'),
  container: msg('Containers'),
  service: msg('Services'),
  named: msg('Named namespaces'),
  process: msg('Processes'),
};

/** The list for a terminal: by kind, one target a line, nothing in it that a terminal would obey. */
export function namespacesText({ namespaces, host }: NamespaceList): string {
  if (namespaces.length === 0) return `${inline(english(msg('{0} has no network namespace but its own.', host)))}\n`;
  const lines: string[] = [];
  let kind: FoundKind | undefined;
  for (const one of namespaces) {
    if (one.kind !== kind) {
      if (kind !== undefined) lines.push('');
      lines.push(english(KINDS[one.kind]));
      kind = one.kind;
    }
    lines.push(`  ${one.name.padEnd(24)}  ${one.target}`, `  ${''.padEnd(24)}  ${detail(one)}`);
  }
  return `${lines.map(inline).join('\n')}\n`;
}

/** Why the list may be too short; `undefined` when it is not. */
export function namespacesWarning({ root, unread, host }: NamespaceList): string | undefined {
  if (root || unread === 0) return undefined;
  return inline(english(msg('Not root on {0}: whose network {1} processes of others use cannot be seen.', host, unread)));
}

function detail({ containers, podNamespace, processes, pid, program, interfaces, names }: NamespaceInfo): string {
  const parts = [
    podNamespace === null ? '' : english(msg('namespace {0}', podNamespace)),
    containers.map(({ name, engine, id }) => `${name} (${engine} ${id.slice(0, 12)})`).join(', '),
    pid === null ? english(msg('no process')) : english(msg('processes: {0}, {1} is {2}', processes, pid, program === '' ? '?' : program)),
    interfaces.join(' '),
    names.length === 0 ? '' : english(msg('kept as {0}', names.join(', '))),
  ];
  return parts.filter((part) => part !== '').join(' · ');
}
