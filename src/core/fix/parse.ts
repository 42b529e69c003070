import type { ConditionCompiler, ConditionProblem, Definitions, Condition } from '../diagnosis/condition.js';
import { TABLES, type TableName } from '../facts.js';
import { findSignal } from '../signals/catalogue.js';
import { compileTemplate, type Template } from '../runbook/template.js';
import type { Fields, Placed } from '../runbook/fields.js';
import { ADDRESS_FORMS, parseAddress } from './address.js';
import type { Fix, FixSetting, Watch } from './types.js';

export interface FixContext {
  readonly compiler: ConditionCompiler;
  readonly definitions: Definitions;
  /** The subject of the cause: the rows for which a fix is unless it says otherwise. */
  readonly subject: 'host' | TableName;
  readonly complain: (message: string, start: number, end: number) => void;
}

/** The cures under the key `fixes`. What is wrong is complained about; a fix with a mistake is left out. */
export function parseFixes(head: Fields, context: FixContext): readonly Fix[] {
  const fixes = head.maps('fixes').map((fields) => parseFix(fields, context));
  return fixes.filter((fix) => fix !== undefined);
}

function parseFix(fields: Fields, context: FixContext): Fix | undefined {
  const id = fields.text('id', true);
  const title = fields.text('title', true);
  const each = fields.choice('each', ['host', ...TABLES] as const, context.subject);
  const row = each !== 'host';
  const risk = fields.choice('risk', ['changes', 'disruptive'] as const);
  const effect = template(fields.text('effect', true), row, context);
  const then = fields.text('then', false);
  const thenText = template(then, row, context);
  const first = parseSetting(fields, row, context);
  const also = fields.maps('also').map((more) => {
    const setting = parseSetting(more, row, context);
    more.finish();
    return setting;
  });
  const unlessText = fields.text('unless', false);
  const unlessWhen = expression(unlessText, row, context);
  const unlessWhy = template(fields.text('because', unlessText !== undefined), row, context);
  const unless = unlessWhen && unlessWhy && { when: unlessWhen, why: unlessWhy };
  const watchTexts = fields.list('watch');
  const watch = watchTexts.map((placed) => watchOf(placed, each ?? context.subject, context)).filter((one) => one !== undefined);
  fields.finish();
  if (id !== undefined && !/^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(id.text)) context.complain('An id has small letters, digits and hyphens.', id.start, id.end);
  if (watchTexts.length === 0 && id !== undefined) context.complain('A fix names under "watch" what must stop moving.', id.start, id.end);
  const settings = [first, ...also].filter((setting) => setting !== undefined);
  const whole = settings.length === also.length + 1 && watch.length > 0 && watch.length === watchTexts.length && (then === undefined || thenText !== undefined) && (unlessText === undefined || unless !== undefined);
  if (!whole || !id || !title || !each || !risk || !effect) return undefined;
  return { id: id.text, title: title.text, each, settings, risk, effect, then: thenText, unless, watch };
}

/** `TcpExt.ListenOverflows`, `LABEL = expression`, or `level LABEL = expression`. */
function watchOf(placed: Placed, each: FixContext['subject'], context: FixContext): Watch | undefined {
  const [, level, label = '', text = ''] = /^(level\s+)?([^=<>!]+?)\s+=\s+(.+)$/s.exec(placed.text) ?? [];
  if (label === '') return signalOf(placed, each, context);
  const start = placed.start + placed.text.length - text.length;
  const amount = expression({ text, start, end: placed.end }, each !== 'host', context);
  return amount && { kind: level === undefined ? 'amount' : 'level', label, amount };
}

/** A counter that no source can give would never move, and prove every cure. */
function signalOf({ text, start, end }: Placed, each: FixContext['subject'], context: FixContext): Watch | undefined {
  if (findSignal(text.startsWith('it.') ? `${each}.${text.slice(3)}` : text) !== undefined) return { kind: 'signal', label: text };
  context.complain(`No counter of ${text.startsWith('it.') ? `a row of "${each}"` : 'a host'} is called ${text}.`, start, end);
  return undefined;
}

function parseSetting(fields: Fields, row: boolean, context: FixContext): FixSetting | undefined {
  const addressText = fields.text('set', true);
  const valueText = fields.text('value', true);
  const ask = fields.choice('ask', ['yes', 'no'] as const, 'yes');
  const address = template(addressText, row, context);
  const value = expression(valueText, row, context);
  if (addressText !== undefined && address !== undefined) {
    // With any name in its holes it must be of a known form.
    let holes = 0;
    const sample = address.parts.map((part) => (typeof part === 'string' ? part : sampleOf(addressText.text, holes++))).join('');
    const parsed = parseAddress(sample);
    if (parsed.kind === 'malformed' && !isWholeHole(address)) {
      context.complain(`Not the address of a setting; there are: ${ADDRESS_FORMS.join(' · ')}.`, addressText.start, addressText.end);
    }
  }
  return address === undefined || value === undefined ? undefined : { address, value, asked: ask === 'yes' };
}

/** A name that may stand in a hole: a device, and behind it the class of a queueing discipline. */
function sampleOf(address: string, hole: number): string {
  return address.startsWith('qdisc ') && hole > 0 ? '1:1' : 'eth0';
}

/** `rule {it.name}`, `route {…}`: what the hole holds is known only on a host. */
function isWholeHole(address: Template): boolean {
  const [first] = address.parts;
  return typeof first === 'string' && /^(?:rule|route) $/.test(first);
}

function template(placed: Placed | undefined, row: boolean, context: FixContext): Template | undefined {
  if (placed === undefined) return undefined;
  const compiled = compileTemplate(placed.text, context.compiler, row, context.definitions);
  for (const problem of compiled.problems) complainAt(placed, problem, context);
  return compiled.problems.length === 0 ? compiled.template : undefined;
}

function expression(placed: Placed | undefined, row: boolean, context: FixContext): Condition | undefined {
  if (placed === undefined) return undefined;
  const compiled = context.compiler.compile(placed.text, row, context.definitions);
  if (compiled.ok) return compiled.condition;
  complainAt(placed, compiled.problem, context);
  return undefined;
}

function complainAt(placed: Placed, problem: ConditionProblem, { complain }: FixContext): void {
  complain(problem.message, placed.start + problem.start, placed.start + problem.end);
}
