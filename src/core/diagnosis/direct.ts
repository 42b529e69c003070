import { TABLES, type TableName } from '../facts.js';
import type { RowWindow, WindowView } from '../observe/window.js';
import { isUnreadTable } from './scope.js';

/** The expression names something that this host does not have. */
export const MISSING = Symbol('missing');
/** Left to the interpreter, which knows all of the language. */
export const ELSE = Symbol('else');

/** What an expression comes to. `ELSE` for whatever is not plain, above all for what would be an error. */
export type DirectValue = number | string | boolean | typeof MISSING | typeof ELSE;

/** An expression as a function of the window itself; `each` is the row of the macro around it. */
export type Direct = (view: WindowView, it: RowWindow | undefined, each?: RowWindow) => DirectValue;

interface Node {
  readonly op: string;
  readonly args: unknown;
}

interface Names {
  readonly definitions: ReadonlyMap<string, Direct | undefined>;
  /** The variable of the macro around the expression. */
  readonly each: string | undefined;
}

/**
 * Compiles the part of the language that conditions are mostly made of: names, literals, comparisons, logic, arithmetic,
 * `in` a list of words and `rows.TABLE.exists(…)`. It reads the window where it stands, without making it available name
 * by name, and a name that is missing costs no exception.
 *
 * Its values are those of the interpreter, or `ELSE`. A missing name spreads as an error does in CEL: `false && MISSING`
 * is false from either side, whatever is missing, and everything else with `MISSING` in it is missing.
 */
export function directOf(ast: unknown, definitions: Names['definitions']): Direct {
  return compile(ast, { definitions, each: undefined });
}

const elsewhere: Direct = () => ELSE;

function compile(node: unknown, names: Names): Direct {
  return compiled(node, names) ?? elsewhere;
}

function compiled(node: unknown, names: Names): Direct | undefined {
  if (!isNode(node)) return undefined;
  switch (node.op) {
    case 'value':
      return literal(node.args);
    case 'id':
      return node.args === 'seconds' && names.each !== 'seconds' ? (view) => view.seconds : undefined;
    case '.':
    case '[]':
      return lookup(node, names);
    case '&&':
      return logic(node.args, names, false);
    case '||':
      return logic(node.args, names, true);
    case '!_':
      return not(compile(node.args, names));
    case '==':
      return equality(node.args, names, true);
    case '!=':
      return equality(node.args, names, false);
    case '?:':
      return choice(node.args, names);
    case 'in':
      return oneOf(node.args, names);
    case 'call':
      return has(node.args, names);
    case 'rcall':
      return exists(node.args, names);
    default: {
      const comparison = COMPARISONS.get(node.op);
      if (comparison) return numeric(node.args, names, comparison);
      const arithmetic = ARITHMETIC.get(node.op);
      // Whole numbers have an arithmetic of their own (1/2 is 0): only what comes from a host is sure not to be one.
      const whole = Array.isArray(node.args) && node.args.every((part) => !isName(part));
      return arithmetic && !whole ? numeric(node.args, names, arithmetic) : undefined;
    }
  }
}

const COMPARISONS: ReadonlyMap<string, (a: number, b: number) => boolean> = new Map([
  ['<', (a, b) => a < b],
  ['<=', (a, b) => a <= b],
  ['>', (a, b) => a > b],
  ['>=', (a, b) => a >= b],
]);

const ARITHMETIC: ReadonlyMap<string, (a: number, b: number) => number> = new Map([
  ['+', (a, b) => a + b],
  ['-', (a, b) => a - b],
  ['*', (a, b) => a * b],
  ['/', (a, b) => a / b],
]);

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'op' in value && 'args' in value && typeof value.op === 'string';
}

/** Whether the value is read from a host, and so a `double`, or computed with one that is. */
function isName(node: unknown): boolean {
  if (!isNode(node)) return false;
  if (node.op === '.' || node.op === '[]' || (node.op === 'id' && node.args === 'seconds')) return true;
  return ARITHMETIC.has(node.op) && Array.isArray(node.args) && node.args.some(isName);
}

function literal(value: unknown): Direct | undefined {
  if (typeof value === 'bigint') return literal(Number(value));
  return typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean' ? () => value : undefined;
}

function both(args: unknown, names: Names): readonly [Direct, Direct] | undefined {
  if (!Array.isArray(args) || args.length !== 2) return undefined;
  return [compile(args[0], names), compile(args[1], names)];
}

function numeric(args: unknown, names: Names, apply: (a: number, b: number) => number | boolean): Direct | undefined {
  const sides = both(args, names);
  if (sides === undefined) return undefined;
  const [left, right] = sides;
  return (view, it, each) => {
    const a = left(view, it, each);
    if (typeof a !== 'number') return a === MISSING ? MISSING : ELSE;
    const b = right(view, it, each);
    return typeof b === 'number' ? apply(a, b) : b === MISSING ? MISSING : ELSE;
  };
}

function equality(args: unknown, names: Names, equal: boolean): Direct | undefined {
  const sides = both(args, names);
  if (sides === undefined) return undefined;
  const [left, right] = sides;
  return (view, it, each) => {
    const a = left(view, it, each);
    if (typeof a === 'symbol') return a;
    const b = right(view, it, each);
    if (typeof b === 'symbol') return b;
    return typeof a === typeof b ? (a === b) === equal : ELSE;
  };
}

/** `decisive`: the value of one side that decides, whatever the other is. */
function logic(args: unknown, names: Names, decisive: boolean): Direct | undefined {
  const sides = both(args, names);
  if (sides === undefined) return undefined;
  const [left, right] = sides;
  return (view, it, each) => {
    const a = left(view, it, each);
    if (a === decisive) return decisive;
    const b = right(view, it, each);
    if (b === decisive) return decisive;
    if ((typeof a !== 'boolean' && a !== MISSING) || (typeof b !== 'boolean' && b !== MISSING)) return ELSE;
    return a === MISSING || b === MISSING ? MISSING : b;
  };
}

function not(of: Direct): Direct {
  return (view, it, each) => {
    const value = of(view, it, each);
    return typeof value === 'boolean' ? !value : value === MISSING ? MISSING : ELSE;
  };
}

function choice(args: unknown, names: Names): Direct | undefined {
  if (!Array.isArray(args) || args.length !== 3) return undefined;
  const [test, yes, no] = [compile(args[0], names), compile(args[1], names), compile(args[2], names)];
  return (view, it, each) => {
    const value = test(view, it, each);
    if (typeof value !== 'boolean') return value === MISSING ? MISSING : ELSE;
    return value ? yes(view, it, each) : no(view, it, each);
  };
}

/** `VALUE in ["word", …]`. */
function oneOf(args: unknown, names: Names): Direct | undefined {
  if (!Array.isArray(args)) return undefined;
  const [of, list] = args as readonly unknown[];
  if (!isNode(list) || list.op !== 'list' || !Array.isArray(list.args)) return undefined;
  const words = list.args.flatMap((part: unknown) => (isNode(part) && part.op === 'value' && typeof part.args === 'string' ? [part.args] : []));
  if (words.length !== list.args.length) return undefined;
  const value = compile(of, names);
  return (view, it, each) => {
    const found = value(view, it, each);
    return typeof found === 'string' ? words.includes(found) : found === MISSING ? MISSING : ELSE;
  };
}

/** `has(NAME)`. Where even what would hold the name is missing the interpreter decides. */
function has(args: unknown, names: Names): Direct | undefined {
  if (!Array.isArray(args) || args[0] !== 'has' || !Array.isArray(args[1])) return undefined;
  const [named] = args[1] as readonly unknown[];
  if (!isNode(named) || named.op !== '.') return undefined;
  const value = lookup(named, names);
  const chain = chainOf(named);
  if (value === undefined || chain === undefined || chain[0] === 'def') return undefined;
  const ofRow = chain[0] === 'it' || chain[0] === names.each;
  return (view, it, each) => {
    const found = value(view, it, each);
    if (found === MISSING) return ofRow ? false : ELSE;
    return found === ELSE ? ELSE : true;
  };
}

/** `rows.TABLE.exists(VARIABLE, CONDITION)`, not within another one. */
function exists(args: unknown, names: Names): Direct | undefined {
  if (!Array.isArray(args) || args[0] !== 'exists' || names.each !== undefined || !Array.isArray(args[2])) return undefined;
  const [root, name, ...more] = chainOf(args[1]) ?? [];
  const table = TABLES.find((known) => known === name);
  const [variable, body] = args[2] as readonly unknown[];
  if (root !== 'rows' || table === undefined || more.length > 0) return undefined;
  if (!isNode(variable) || variable.op !== 'id' || typeof variable.args !== 'string' || RESERVED.has(variable.args)) return undefined;
  const test = compile(body, { ...names, each: variable.args });
  return (view, it) => existsIn(view, it, table, test);
}

function existsIn(view: WindowView, it: RowWindow | undefined, table: TableName, test: Direct): DirectValue {
  if (isUnreadTable(view, table)) return MISSING;
  let missing = false;
  for (const row of view.rows.get(table)?.values() ?? []) {
    const value = test(view, it, row);
    if (value === true) return true;
    if (value === MISSING) missing = true;
    else if (value !== false) return ELSE;
  }
  return missing ? MISSING : false;
}

/** Names that a macro's variable would hide. */
const RESERVED: ReadonlySet<string> = new Set(['delta', 'rate', 'now', 'min', 'max', 'rows', 'seconds', 'def', 'it']);

/** `a.b["c"]` as its names; `undefined` when a part is anything else, or is a name with a dot in it. */
function chainOf(node: unknown): readonly string[] | undefined {
  if (!isNode(node)) return undefined;
  if (node.op === 'id') return typeof node.args === 'string' ? [node.args] : undefined;
  if ((node.op !== '.' && node.op !== '[]') || !Array.isArray(node.args)) return undefined;
  const [base, key] = node.args as readonly unknown[];
  const chain = chainOf(base);
  const name = isNode(key) && key.op === 'value' ? key.args : key;
  return chain && typeof name === 'string' ? [...chain, name] : undefined;
}

function lookup(node: Node, { definitions, each: variable }: Names): Direct | undefined {
  const [root, ...rest] = chainOf(node) ?? [];
  const [first] = rest;
  if (root === undefined || first === undefined) return undefined;
  if (root === 'def') return rest.length === 1 ? ofDefinition(definitions.get(first)) : undefined;
  if (root === 'it' || root === variable) {
    const read = ofRow(rest);
    if (read === undefined) return undefined;
    return root === variable ? (_view, _it, each) => (each ? read(each) : ELSE) : (_view, it) => (it ? read(it) : ELSE);
  }
  // A name with a dot in it is one name to CEL and looks like two in a signal's id.
  return rest.some((name) => name.includes('.')) ? undefined : ofHost(root, rest.join('.'));
}

/** Evaluated where it is used, but for the row of a macro around it, which it does not know. */
function ofDefinition(definition: Direct | undefined): Direct | undefined {
  return definition && ((view, it) => definition(view, it));
}

function ofHost(root: string, id: string): Direct | undefined {
  switch (root) {
    case 'delta':
      return ({ counters }) => counters.get(id)?.delta ?? MISSING;
    case 'rate':
      return ({ counters }) => rateOf(counters.get(id));
    case 'now':
      return ({ texts, levels, counters }) => texts.get(id) ?? levels.get(id)?.after ?? afterOf(counters.get(id));
    case 'min':
      return ({ levels }) => levels.get(id)?.min ?? MISSING;
    case 'max':
      return ({ levels }) => levels.get(id)?.max ?? MISSING;
    default:
      return undefined;
  }
}

function ofRow(path: readonly string[]): ((row: RowWindow) => DirectValue) | undefined {
  const [view = '', name, ...more] = path;
  if (more.length > 0) return undefined;
  if (name === undefined) {
    if (view === 'name') return (row) => row.key;
    return VIEWS.has(view) ? undefined : (row) => row.labels.get(view) ?? MISSING;
  }
  switch (view) {
    case 'delta':
      return ({ counters }) => counters.get(name)?.delta ?? MISSING;
    case 'rate':
      return ({ counters }) => rateOf(counters.get(name));
    case 'now':
      return ({ levels, counters }) => levels.get(name)?.after ?? afterOf(counters.get(name));
    case 'min':
      return ({ levels }) => levels.get(name)?.min ?? MISSING;
    case 'max':
      return ({ levels }) => levels.get(name)?.max ?? MISSING;
    default:
      return undefined;
  }
}

const VIEWS: ReadonlySet<string> = new Set(['delta', 'rate', 'now', 'min', 'max']);

type Counter = WindowView['counters'] extends ReadonlyMap<string, infer Value> ? Value : never;

function rateOf(counter: Counter | undefined): DirectValue {
  return counter?.delta === undefined || counter.seconds <= 0 ? MISSING : counter.delta / counter.seconds;
}

function afterOf(counter: Counter | undefined): DirectValue {
  return counter === undefined ? MISSING : Number(counter.after);
}
