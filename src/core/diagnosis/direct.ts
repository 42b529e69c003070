import { TABLES, type TableName } from '../facts.js';
import type { CounterWindow, RowWindow } from '../observe/window.js';
import { isUnreadTable, type HostView, type ScopedView } from './scope.js';

/** The expression names something that this host does not have. */
export const MISSING = Symbol('missing');
/** Left to the interpreter, which knows all of the language. */
export const ELSE = Symbol('else');

/** What an expression comes to. `ELSE` for whatever is not plain, above all for what would be an error. */
export type DirectValue = number | string | boolean | typeof MISSING | typeof ELSE;

/** An expression as a function of the window itself; `each` is the row of the macro around it. */
export type Direct = (window: ScopedView, it: RowWindow | undefined, each?: RowWindow) => DirectValue;

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
      return node.args === 'seconds' && names.each !== 'seconds' ? ({ view }) => view.seconds : undefined;
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
  return (window, it, each) => {
    const a = left(window, it, each);
    if (typeof a !== 'number') return a === MISSING ? MISSING : ELSE;
    const b = right(window, it, each);
    return typeof b === 'number' ? apply(a, b) : b === MISSING ? MISSING : ELSE;
  };
}

function equality(args: unknown, names: Names, equal: boolean): Direct | undefined {
  const sides = both(args, names);
  if (sides === undefined) return undefined;
  const [left, right] = sides;
  return (window, it, each) => {
    const a = left(window, it, each);
    if (typeof a === 'symbol') return a;
    const b = right(window, it, each);
    if (typeof b === 'symbol') return b;
    return typeof a === typeof b ? (a === b) === equal : ELSE;
  };
}

/** `decisive`: the value of one side that decides, whatever the other is. */
function logic(args: unknown, names: Names, decisive: boolean): Direct | undefined {
  const sides = both(args, names);
  if (sides === undefined) return undefined;
  const [left, right] = sides;
  return (window, it, each) => {
    const a = left(window, it, each);
    if (a === decisive) return decisive;
    const b = right(window, it, each);
    if (b === decisive) return decisive;
    if ((typeof a !== 'boolean' && a !== MISSING) || (typeof b !== 'boolean' && b !== MISSING)) return ELSE;
    return a === MISSING || b === MISSING ? MISSING : b;
  };
}

function not(of: Direct): Direct {
  return (window, it, each) => {
    const value = of(window, it, each);
    return typeof value === 'boolean' ? !value : value === MISSING ? MISSING : ELSE;
  };
}

function choice(args: unknown, names: Names): Direct | undefined {
  if (!Array.isArray(args) || args.length !== 3) return undefined;
  const [test, yes, no] = [compile(args[0], names), compile(args[1], names), compile(args[2], names)];
  return (window, it, each) => {
    const value = test(window, it, each);
    if (typeof value !== 'boolean') return value === MISSING ? MISSING : ELSE;
    return value ? yes(window, it, each) : no(window, it, each);
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
  return (window, it, each) => {
    const found = value(window, it, each);
    return typeof found === 'string' ? words.includes(found) : found === MISSING ? MISSING : ELSE;
  };
}

/** `has(NAME)`: an error where even what would hold the name is missing. */
function has(args: unknown, names: Names): Direct | undefined {
  if (!Array.isArray(args) || args[0] !== 'has' || !Array.isArray(args[1])) return undefined;
  const [named] = args[1] as readonly unknown[];
  if (!isNode(named) || named.op !== '.') return undefined;
  const value = lookup(named, names);
  const [root = '', ...path] = chainOf(named) ?? [];
  if (value === undefined || root === 'def') return undefined;
  if (isHostView(root)) return hostHas(root, path);
  return (window, it, each) => {
    const found = value(window, it, each);
    return found === MISSING ? false : found === ELSE ? ELSE : true;
  };
}

/** Whether the host has a value or others that begin with the name; missing where nothing begins with what it belongs to. */
function hostHas(root: HostView, path: readonly string[]): Direct {
  const id = path.join('.');
  const value = ofHost(root, id);
  const holder = path.slice(0, -1).join('.');
  const holderValue = holder === '' ? undefined : ofHost(root, holder);
  return (window, it, each) => {
    if (value(window, it, each) !== MISSING || window.isHolder(root, id)) return true;
    if (holderValue === undefined || window.isHolder(root, holder) || holderValue(window, it, each) !== MISSING) return false;
    return MISSING;
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
  return (window, it) => existsIn(window, it, table, test);
}

function existsIn(window: ScopedView, it: RowWindow | undefined, table: TableName, test: Direct): DirectValue {
  if (isUnreadTable(window.view, table)) return MISSING;
  let missing = false;
  for (const row of window.view.rows.get(table)?.values() ?? []) {
    const value = test(window, it, row);
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
    return root === variable ? (_window, _it, each) => (each ? read(each) : ELSE) : (_window, it) => (it ? read(it) : ELSE);
  }
  // A name with a dot in it is one name to CEL and looks like two in a signal's id.
  return rest.some((name) => name.includes('.')) || !isHostView(root) ? undefined : orHolder(root, rest.join('.'));
}

/** Evaluated where it is used, but for the row of a macro around it, which it does not know. */
function ofDefinition(definition: Direct | undefined): Direct | undefined {
  return definition && ((window, it) => definition(window, it));
}

/** A name that only others begin with is a map to the interpreter. (One that is a value as well is the value here.) */
function orHolder(root: HostView, id: string): Direct {
  const read = ofHost(root, id);
  return (window, it, each) => {
    const value = read(window, it, each);
    return value === MISSING && window.isHolder(root, id) ? ELSE : value;
  };
}

function ofHost(root: HostView, id: string): Direct {
  switch (root) {
    case 'delta':
      return ({ view }) => view.counters.get(id)?.delta ?? MISSING;
    case 'rate':
      return ({ view }) => rateOf(view.counters.get(id));
    case 'now':
      return ({ view }) => view.texts.get(id) ?? view.levels.get(id)?.after ?? afterOf(view.counters.get(id));
    case 'min':
      return ({ view }) => view.levels.get(id)?.min ?? MISSING;
    case 'max':
      return ({ view }) => view.levels.get(id)?.max ?? MISSING;
  }
}

function ofRow(path: readonly string[]): ((row: RowWindow) => DirectValue) | undefined {
  const [view = '', name, ...more] = path;
  if (more.length > 0) return undefined;
  if (name === undefined) {
    if (view === 'name') return (row) => row.key;
    return isHostView(view) ? undefined : (row) => row.labels.get(view) ?? MISSING;
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

function isHostView(name: string): name is HostView {
  return name === 'delta' || name === 'rate' || name === 'now' || name === 'min' || name === 'max';
}

function rateOf(counter: CounterWindow | undefined): DirectValue {
  return counter?.delta === undefined || counter.seconds <= 0 ? MISSING : counter.delta / counter.seconds;
}

function afterOf(counter: CounterWindow | undefined): DirectValue {
  return counter === undefined ? MISSING : Number(counter.after);
}
