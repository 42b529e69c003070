import { checkParam, paramText } from '../core/runbook/params.js';
import type { Command, ParamName } from '../core/runbook/blocks.js';
import type { Part } from '../core/runbook/markdown.js';
import { msg, type Message } from '../core/message.js';
import { rowsOf } from '../core/observe/derive.js';
import type { WindowView } from '../core/observe/window.js';
import { quoteAssignment } from '../collect/quote.js';
import type { LoadedRunbook } from '../engine/library.js';
import type { Translate } from '../engine/report.js';
import type { RunbookDocument, RunbookPart } from '../protocol/runbook.js';

/** A runbook in the form in which the panel shows it. `view` gives the live choices for parameters. */
export function documentOf(runbook: LoadedRunbook, view: WindowView | undefined, translate: Translate): RunbookDocument {
  const { document, hash } = runbook;
  const parts = (list: readonly Part[]): RunbookPart[] => list.map((part) => partOf(part, view, translate));
  if (document.kind === 'cause') {
    const step = { id: document.id, title: document.title, layer: document.layer, parts: parts(document.parts) };
    return { id: document.id, title: document.title, hash, intro: '', steps: [step] };
  }
  const intro = document.intro.flatMap((part) => (part.kind === 'prose' ? [part.html] : [])).join('');
  const steps = document.steps.map((step) => ({ id: step.id, title: step.title, layer: step.layer, parts: parts(step.parts) }));
  return { id: document.id, title: document.title, hash, intro, steps };
}

function partOf(part: Part, view: WindowView | undefined, translate: Translate): RunbookPart {
  if (part.kind === 'prose') return part;
  const { command } = part;
  return {
    kind: 'command',
    command: {
      id: command.id,
      label: command.label,
      text: command.script,
      risk: command.risk,
      undo: command.undo ?? null,
      fix: command.fix ?? null,
      params: command.params.map((name) => ({
        name,
        title: translate(paramText(name).title),
        placeholder: translate(paramText(name).placeholder),
        choices: name === 'INTERFACE' && view ? rowsOf(view, 'interface').map((row) => row.key).filter((key) => checkParam(name, key) === undefined) : [],
      })),
    },
  };
}

/** Values for a command's parameters, checked; or what is wrong with them. */
export type CheckedParams =
  | { readonly kind: 'ok'; readonly env: ReadonlyMap<string, string> }
  | { readonly kind: 'refused'; readonly why: Message };

/** Every declared parameter must be there and acceptable; what was not declared is refused, not ignored. */
export function checkParams(command: Command, params: Readonly<Record<string, string>>): CheckedParams {
  const given = new Map(Object.entries(params));
  const env = new Map<string, string>();
  for (const name of command.params) {
    const value = given.get(name);
    if (value === undefined) return { kind: 'refused', why: msg('The value for {0} is missing.', name) };
    const problem = checkParam(name, value);
    if (problem) return { kind: 'refused', why: problem };
    env.set(name, value);
    given.delete(name);
  }
  const [extra] = given.keys();
  if (extra !== undefined) return { kind: 'refused', why: msg('This command has no parameter called {0}.', extra as ParamName) };
  return { kind: 'ok', env };
}

/** The command as a person would type it: assignments in front, the block behind. */
export function commandText(command: Command, env: ReadonlyMap<string, string>): { readonly text: string; readonly line: string } {
  const assignments = [...env].map(([name, value]) => quoteAssignment(name, value));
  const text = [...assignments, command.script].join('\n');
  return { text, line: oneLineOf(assignments, command.script) };
}

/**
 * The same without a line break, so that nothing runs before the person presses Enter. A block of several lines is
 * carried by printf, whose %b turns `\n` back into a line break.
 */
function oneLineOf(assignments: readonly string[], script: string): string {
  if (!script.includes('\n')) return [...assignments, script].join('; ');
  const escaped = script.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
  const carried = quoteAssignment('DROPLENS', escaped);
  const exported = assignments.length > 0 ? `${assignments.join(' ')} ` : '';
  return `${carried}; ${exported}sh -c "$(printf %b "$DROPLENS")"`;
}
