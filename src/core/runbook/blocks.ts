import { lineProblem, type Problem } from './problem.js';

/** What a command may do to the host. A block without a known mark counts as `changes`. */
const RISKS = ['read-only', 'load', 'changes', 'disruptive'] as const;
export type Risk = (typeof RISKS)[number];

export const PARAMS = ['HOST', 'INTERFACE', 'PPROF_URL', 'PORT', 'SECONDS', 'SIZE'] as const;
export type ParamName = (typeof PARAMS)[number];

/** One `sh` block that can be run. */
export interface Command {
  readonly id: string;
  readonly label: string;
  /** The block's text as it stands in the file. */
  readonly script: string;
  readonly risk: Risk;
  readonly undo: string | undefined;
  readonly interpret: string | undefined;
  readonly tools: readonly string[];
  readonly install: string | undefined;
  readonly params: readonly ParamName[];
  readonly timeoutSeconds: number;
  readonly root: boolean;
  /** The fix of the front matter that does the same with undo and proof; it is offered in place of the block's Run. */
  readonly fix: string | undefined;
  /** Line of the fence in the file, from 0. */
  readonly line: number;
}

const DEFAULT_TIMEOUT = 20;
const LONGEST_TIMEOUT = 120;

const KNOWN = new Set([
  'id', 'label', 'droplens.risk', 'droplens.undo', 'droplens.interpret', 'droplens.tools', 'droplens.install',
  'droplens.params', 'droplens.timeout', 'droplens.privilege', 'droplens.fix',
]);

/** Reads the JSON attributes of a fence's info string or of a heading. `undefined` when there are none. */
export function parseAttributes(text: string, line: number, problems: Problem[]): ReadonlyMap<string, unknown> | undefined {
  const brace = text.indexOf('{');
  if (brace < 0) return undefined;
  try {
    const value: unknown = JSON.parse(text.slice(brace));
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return new Map(Object.entries(value));
  } catch {
    // Falls through to the same report as a value of the wrong kind.
  }
  problems.push(lineProblem('The attributes are not a JSON object.', line));
  return undefined;
}

/** Makes a command of a fenced block; `undefined` for a block that is only text (another language, or no id). */
export function parseCommand(info: string, script: string, line: number, problems: Problem[]): Command | undefined {
  if (!/^sh(\s|\{|$)/.test(info)) return undefined;
  const attributes = parseAttributes(info, line, problems);
  const id = text(attributes, 'id');
  if (attributes === undefined || id === undefined) return undefined;
  for (const key of attributes.keys()) {
    if (key.startsWith('droplens.') && !KNOWN.has(key)) problems.push(lineProblem(`Unknown attribute "${key}".`, line));
  }
  const riskText = text(attributes, 'droplens.risk');
  const risk = RISKS.find((known) => known === riskText) ?? 'changes';
  if (riskText !== undefined && risk !== riskText) {
    problems.push(lineProblem(`"${riskText}" is not one of ${RISKS.join(', ')}; it counts as changes.`, line));
  }
  const undo = text(attributes, 'droplens.undo');
  if (risk === 'changes' && undo === undefined && text(attributes, 'droplens.fix') === undefined) {
    problems.push(lineProblem(`The command "${id}" changes the host and needs "droplens.undo".`, line));
  }
  const params: ParamName[] = [];
  for (const name of words(attributes, 'droplens.params')) {
    const known = PARAMS.find((param) => param === name);
    if (known) params.push(known);
    else problems.push(lineProblem(`"${name}" is not a parameter; there are ${PARAMS.join(', ')}.`, line));
  }
  const timeout = Number(text(attributes, 'droplens.timeout') ?? DEFAULT_TIMEOUT);
  return {
    id,
    label: text(attributes, 'label') ?? id,
    script: script.trimEnd(),
    risk,
    undo,
    interpret: text(attributes, 'droplens.interpret'),
    tools: words(attributes, 'droplens.tools'),
    install: text(attributes, 'droplens.install'),
    params,
    timeoutSeconds: Number.isFinite(timeout) ? Math.min(Math.max(timeout, 1), LONGEST_TIMEOUT) : DEFAULT_TIMEOUT,
    root: text(attributes, 'droplens.privilege') === 'root',
    fix: text(attributes, 'droplens.fix'),
    line,
  };
}

function text(attributes: ReadonlyMap<string, unknown> | undefined, key: string): string | undefined {
  const value = attributes?.get(key);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function words(attributes: ReadonlyMap<string, unknown>, key: string): readonly string[] {
  return (text(attributes, key) ?? '').split(/\s+/).filter((word) => word !== '');
}
