import { Environment, EvaluationError, ParseError, type ASTNode } from '@marcbachmann/cel-js';
import type { RowWindow } from '../observe/window.js';
import { directOf, ELSE, MISSING, type Direct } from './direct.js';
import type { ScopedView } from './scope.js';

/** A name that an expression looks up. */
export type Reference =
  /** `delta.TcpExt.ListenOverflows` → kind `delta`, path `TcpExt.ListenOverflows`. */
  | { readonly root: 'delta' | 'rate' | 'now' | 'min' | 'max'; readonly path: string }
  /** `it.now.recv_q` → view `now`, name `recv_q`; `it.process` → view `label`, name `process`. */
  | { readonly root: 'it'; readonly view: 'delta' | 'rate' | 'now' | 'min' | 'max' | 'label'; readonly name: string }
  /** `rows.qdisc` → name `qdisc`. */
  | { readonly root: 'rows'; readonly name: string };

/** Where in the expression something is wrong; character offsets. */
export interface ConditionProblem {
  readonly message: string;
  readonly start: number;
  readonly end: number;
}

export type Outcome =
  | { readonly kind: 'value'; readonly value: unknown }
  /** A name is missing on this host, so that the expression cannot be decided. */
  | { readonly kind: 'undecided' }
  /** The expression itself is wrong for the values it met. */
  | { readonly kind: 'error'; readonly message: string };

/** Names that a cause gives to expressions of its own, to be used as `def.NAME` in its others. */
export type Definitions = ReadonlyMap<string, Condition>;

/** A compiled expression of the Common Expression Language: no side effects, no loops, always ends. */
export interface Condition {
  readonly source: string;
  /** `bool`, `double`, `string` … as far as it is known before evaluation; else `dyn`. */
  readonly type: string;
  readonly references: readonly Reference[];
  /** The expression as a function of the window, as far as it is plain. */
  readonly direct: Direct;
  evaluate(window: ScopedView, row?: RowWindow): Outcome;
}

export type Compiled =
  | { readonly ok: true; readonly condition: Condition }
  | { readonly ok: false; readonly problem: ConditionProblem };

const nothingDirect: Direct = () => ELSE;

/** An outcome is only looked at. */
const UNDECIDED: Outcome = { kind: 'undecided' };

/**
 * Compiles conditions. One instance serves all; it holds no state of any host. `plain: 'interpreted'` leaves also plain
 * expressions to the interpreter, which must come to the same.
 */
export class ConditionCompiler {
  readonly #plain: 'direct' | 'interpreted';
  readonly #withRow = environment(true);
  readonly #withoutRow = environment(false);

  constructor({ plain = 'direct' }: { readonly plain?: 'direct' | 'interpreted' } = {}) {
    this.#plain = plain;
  }

  /** `row`: whether `it` may be named. Unknown names and type errors are found here, not at run time. */
  compile(source: string, row: boolean, definitions: Definitions = new Map()): Compiled {
    const env = row ? this.#withRow : this.#withoutRow;
    try {
      const parsed = env.parse(source);
      const check = parsed.check();
      if (!check.valid) return { ok: false, problem: problemOf(check.error, source) };
      const { references, used } = collect(parsed.ast);
      const unknown = used.find((name) => !definitions.has(name));
      if (unknown !== undefined) {
        return { ok: false, problem: { message: `Nothing is defined under the name def.${unknown}.`, start: 0, end: source.length } };
      }
      const defined = used.flatMap((name) => definitions.get(name)?.references ?? []);
      const directs = new Map([...definitions].map(([name, { direct }]) => [name, direct]));
      const direct = this.#plain === 'direct' ? directOf(parsed.ast, directs) : nothingDirect;
      const type = check.type ?? 'dyn';
      return { ok: true, condition: new CompiledCondition(env, source, type, [...references, ...defined], direct, used, definitions) };
    } catch (error) {
      return { ok: false, problem: problemOf(error, source) };
    }
  }
}

/**
 * What is left of a compiled expression. Its tree is not: it is large, and most expressions are plain, so that one that is
 * not is read once more when it is first met.
 */
class CompiledCondition implements Condition {
  #interpreter: ReturnType<Environment['parse']> | undefined;

  constructor(
    private readonly env: Environment,
    readonly source: string,
    readonly type: string,
    readonly references: readonly Reference[],
    readonly direct: Direct,
    private readonly used: readonly string[],
    private readonly definitions: Definitions,
  ) {}

  evaluate(window: ScopedView, row?: RowWindow): Outcome {
    const plain = this.direct(window, row);
    if (plain === MISSING) return UNDECIDED;
    if (plain !== ELSE) return { kind: 'value', value: plain };
    try {
      this.#interpreter ??= this.env.parse(this.source);
      const def = valuesOf(this.used, this.definitions, window, row);
      const value: unknown = this.#interpreter({ ...window.scope, def, ...(row ? { it: window.row(row) } : {}) });
      return { kind: 'value', value: typeof value === 'bigint' ? Number(value) : value };
    } catch (error) {
      if (error instanceof EvaluationError && /^No such key/.test(error.message)) return UNDECIDED;
      return { kind: 'error', message: firstLine(error) };
    }
  }
}

function environment(row: boolean): Environment {
  const env = new Environment()
    .registerVariable('delta', 'dyn')
    .registerVariable('rate', 'dyn')
    .registerVariable('now', 'dyn')
    .registerVariable('min', 'dyn')
    .registerVariable('max', 'dyn')
    .registerVariable('rows', 'dyn')
    .registerVariable('seconds', 'double')
    .registerVariable('def', 'dyn');
  if (row) env.registerVariable('it', 'dyn');
  // CEL keeps int and double apart; a person who writes `it.now.limit * 2` means the number.
  const arithmetic: readonly (readonly [string, (a: number, b: number) => number])[] = [
    ['+', (a, b) => a + b],
    ['-', (a, b) => a - b],
    ['*', (a, b) => a * b],
    ['/', (a, b) => a / b],
  ];
  for (const [operator, apply] of arithmetic) {
    const handler = (a: unknown, b: unknown) => apply(Number(a), Number(b));
    env.registerOperator(`double ${operator} int`, handler);
    env.registerOperator(`int ${operator} double`, handler);
  }
  return env;
}

/** What an expression's definitions amount to here; one that cannot be decided is missing, and so is what depends on it. */
function valuesOf(
  used: readonly string[],
  definitions: Definitions,
  window: ScopedView,
  row: RowWindow | undefined,
): ReadonlyMap<string, unknown> {
  const values = new Map<string, unknown>();
  for (const name of used) {
    const outcome = definitions.get(name)?.evaluate(window, row);
    if (outcome?.kind === 'value') values.set(name, outcome.value);
  }
  return values;
}

function problemOf(error: unknown, source: string): ConditionProblem {
  const range = error instanceof Error ? rangeOf(error) : undefined;
  return { message: firstLine(error), start: range?.start ?? 0, end: range?.end ?? source.length };
}

function rangeOf(error: Error): { start: number; end: number } | undefined {
  const place: unknown = 'node' in error ? error.node : undefined;
  if (typeof place !== 'object' || place === null) return undefined;
  const start = 'start' in place && typeof place.start === 'number' ? place.start : undefined;
  const end = 'end' in place && typeof place.end === 'number' ? place.end : undefined;
  const pos = 'pos' in place && typeof place.pos === 'number' ? place.pos : undefined;
  if (start !== undefined && end !== undefined) return { start, end };
  return pos === undefined ? undefined : { start: pos, end: pos + 1 };
}

function firstLine(error: unknown): string {
  const text = error instanceof ParseError || error instanceof Error ? error.message : String(error);
  return text.split('\n', 1)[0] ?? text;
}

/** Chains of field accesses from a known root, and the definitions that are used, each once. */
function collect(ast: ASTNode): { readonly references: readonly Reference[]; readonly used: readonly string[] } {
  const found = new Map<string, Reference>();
  const used = new Set<string>();
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) {
      for (const part of node) visit(part);
      return;
    }
    if (!isNode(node)) return;
    const chain = chainOf(node);
    const reference = chain && referenceOf(chain);
    if (chain?.[0] === 'def' && chain[1] !== undefined) used.add(chain[1]);
    else if (chain && reference) found.set(chain.join('.'), reference);
    else visit(node.args);
  };
  visit(ast);
  return { references: [...found.values()], used: [...used] };
}

interface NodeLike {
  readonly op: string;
  readonly args: unknown;
}

function isNode(node: unknown): node is NodeLike {
  return typeof node === 'object' && node !== null && 'op' in node && 'args' in node && typeof node.op === 'string';
}

/** `a.b["c"]` as `['a','b','c']`; `undefined` for anything but names and literal keys. */
function chainOf(node: unknown): string[] | undefined {
  if (!isNode(node)) return undefined;
  if (node.op === 'id') return typeof node.args === 'string' ? [node.args] : undefined;
  if (node.op !== '.' && node.op !== '[]') return undefined;
  if (!Array.isArray(node.args)) return undefined;
  const [base, key] = node.args as readonly unknown[];
  const chain = chainOf(base);
  const name = typeof key === 'string' ? key : isNode(key) && key.op === 'value' && typeof key.args === 'string' ? key.args : undefined;
  return chain && name !== undefined ? [...chain, name] : undefined;
}

const VIEWS = new Set(['delta', 'rate', 'now', 'min', 'max'] as const);
type ViewName = typeof VIEWS extends Set<infer T> ? T : never;
const isView = (name: string): name is ViewName => (VIEWS as ReadonlySet<string>).has(name);

function referenceOf(chain: readonly string[]): Reference | undefined {
  const [root, ...rest] = chain;
  if (root === undefined || rest.length === 0) return undefined;
  if (isView(root)) return { root, path: rest.join('.') };
  if (root === 'rows') return { root, name: rest[0] ?? '' };
  if (root !== 'it') return undefined;
  const [view, ...name] = rest;
  if (view === undefined) return undefined;
  return isView(view) && name.length > 0
    ? { root: 'it', view, name: name.join('.') }
    : { root: 'it', view: 'label', name: view };
}
