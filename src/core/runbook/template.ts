import type { Condition, ConditionCompiler, ConditionProblem, Definitions } from '../diagnosis/condition.js';
import type { ScopedView } from '../diagnosis/scope.js';
import type { RowWindow } from '../observe/window.js';

/** A sentence with `{CEL}` holes. */
export interface Template {
  readonly parts: readonly (string | Condition)[];
}

/** Compiles a sentence; every hole is an expression of its own. `{{` is a literal brace. */
export function compileTemplate(
  source: string,
  compiler: ConditionCompiler,
  row: boolean,
  definitions: Definitions = new Map(),
): { readonly template: Template; readonly problems: readonly ConditionProblem[] } {
  const parts: (string | Condition)[] = [];
  const problems: ConditionProblem[] = [];
  let at = 0;
  for (const match of source.matchAll(/\{\{|\{([^{}]*)\}/g)) {
    parts.push(source.slice(at, match.index));
    at = match.index + match[0].length;
    if (match[1] === undefined) {
      parts.push('{');
      continue;
    }
    const compiled = compiler.compile(match[1], row, definitions);
    if (compiled.ok) parts.push(compiled.condition);
    else {
      const shift = match.index + 1;
      problems.push({ ...compiled.problem, start: compiled.problem.start + shift, end: compiled.problem.end + shift });
    }
  }
  parts.push(source.slice(at));
  return { template: { parts }, problems };
}

/** Fills a sentence; what cannot be decided is shown as a question mark. */
export function render(template: Template, window: ScopedView, row?: RowWindow): string {
  return template.parts
    .map((part) => {
      if (typeof part === 'string') return part;
      const outcome = part.evaluate(window, row);
      return outcome.kind === 'value' ? show(outcome.value) : '?';
    })
    .join('');
}

function show(value: unknown): string {
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) return '?';
    if (Number.isInteger(value)) return String(value);
    return Math.abs(value) < 10 ? value.toFixed(2) : value.toFixed(1);
  }
  return typeof value === 'string' || typeof value === 'boolean' ? String(value) : '?';
}
