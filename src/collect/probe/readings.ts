import type { Parser } from '../../core/facts.js';
import { msg, type Message } from '../../core/message.js';
import type { Reading } from '../../core/sample.js';
import type { Source, SourceId, Tier } from '../../core/sources.js';
import { firstLine } from '../sanitize.js';
import type { Frame, FramePart } from './frames.js';

/** What the host has, as the probe saw it at the hello and looks again with every slow sample. */
export interface Look {
  readonly absent: ReadonlySet<string>;
  readonly denied: ReadonlySet<string>;
  readonly tools: ReadonlySet<string>;
}

/** What is needed to understand a frame. */
export interface ReadingContext {
  readonly sources: readonly Source[];
  readonly tiers: ReadonlySet<Tier>;
  readonly parserFor: (id: SourceId) => Parser | undefined;
  readonly look: Look;
  /** Whether the probe runs in a network namespace other than the host's first. */
  readonly inNamespace: boolean;
  /** After how many seconds the commands of one sample are ended. */
  readonly commandSeconds: number;
}

/** The exit statuses with which GNU timeout says that it ended the command (timeout(1)): by SIGTERM, by SIGKILL. */
const TIMED_OUT: ReadonlySet<number | undefined> = new Set([124, 137]);

/** Reads the `look` part of a frame; `undefined` when the frame has none. */
export function lookOf(frame: Frame): Look | undefined {
  const part = frame.parts.find((one) => one.name === 'look');
  if (part === undefined) return undefined;
  const words = (verb: string): ReadonlySet<string> =>
    new Set(part.text.split('\n').flatMap((line) => (line.startsWith(`${verb} `) ? [line.slice(verb.length + 1)] : [])));
  return { absent: words('absent'), denied: words('denied'), tools: words('tool') };
}

/** The files of a frame by path: what `tail` printed after each of its headers. */
export function filesOf(frame: Frame, paths: ReadonlySet<string>): ReadonlyMap<string, string> {
  const text = frame.parts.find((part) => part.name === 'files')?.text ?? '';
  const files = new Map<string, string[]>();
  let current: string[] | undefined;
  for (const line of text.split('\n')) {
    const path = line.startsWith('==> ') && line.endsWith(' <==') ? line.slice(4, -4) : undefined;
    if (path !== undefined && paths.has(path) && !files.has(path)) files.set(path, (current = []));
    else current?.push(line);
  }
  return new Map([...files].map(([path, lines]) => [path, lines.join('\n')]));
}

/**
 * Every source that was due, with what became of it. What a host printed never makes it throw; a source without a
 * parser does.
 */
export function readingsOf(frame: Frame, context: ReadingContext): Map<SourceId, Reading> {
  const paths = new Set(context.sources.flatMap((source) => (source.reader.kind === 'file' ? [source.reader.path] : [])));
  const files = filesOf(frame, paths);
  const parts = new Map(frame.parts.map((part) => [part.name, part]));
  const hung = frame.parts.find((part) => TIMED_OUT.has(part.status) && part.name !== 'files');
  const readings = new Map<SourceId, Reading>();
  for (const source of context.sources) {
    if (!context.tiers.has(source.tier) || stoodIn(source, context)) continue;
    readings.set(
      source.id,
      source.reader.kind === 'file'
        ? fileReading(source, source.reader.path, files, context)
        : commandReading(source, parts.get(source.id), hung, context),
    );
  }
  return readings;
}

/** Whether a source is not needed because the one that it stands in for can be read. */
function stoodIn(source: Source, context: ReadingContext): boolean {
  if (source.insteadOf === undefined) return false;
  const replaced = context.sources.find((one) => one.id === source.insteadOf);
  return replaced !== undefined && missingTool(replaced, context.look) === undefined;
}

/** The source whose command prints this one's text. */
function leaderOf(source: Source, sources: readonly Source[]): Source {
  const { reader } = source;
  return (reader.kind === 'with' ? sources.find((one) => one.id === reader.source) : undefined) ?? source;
}

function missingTool(source: Source, look: Look): string | undefined {
  return source.reader.kind === 'command' ? source.reader.tools.find((tool) => !look.tools.has(tool)) : undefined;
}

type Reason = Extract<Reading, { readonly state: 'unreadable' }>['reason'];

function unreadable(source: Source, reason: Reason, why: Message, how?: Message): Reading {
  return { state: 'unreadable', reason, why, how: how ?? source.how };
}

function fileReading(source: Source, path: string, files: ReadonlyMap<string, string>, context: ReadingContext): Reading {
  const text = files.get(path);
  if (source.scope === 'initial-namespace-only' && context.inNamespace) {
    return unreadable(
      source,
      'absent',
      msg('{0} exists only in the first network namespace of a host.', path),
      msg('Look at the host itself instead of the namespace.'),
    );
  }
  if (text === undefined && context.look.absent.has(path)) {
    // Settings of the whole machine are not shown inside a namespace (kernel: net/core/sysctl_net_core.c, init_net only).
    const how = context.inNamespace && source.scope === 'host' ? msg('Look at the host itself instead of the namespace.') : undefined;
    return unreadable(source, 'absent', msg('{0} does not exist in this kernel or namespace.', path), how);
  }
  if (text === undefined && context.look.denied.has(path)) {
    return unreadable(source, 'denied', msg('{0} may not be read by this user: permission denied.', path), msg('Connect as root.'));
  }
  if (text === undefined || text.trim() === '') return unreadable(source, 'failed', msg('{0} could not be read.', path));
  return parsed(source, path, text, context);
}

function commandReading(
  source: Source,
  part: FramePart | undefined,
  hung: FramePart | undefined,
  context: ReadingContext,
): Reading {
  const leader = leaderOf(source, context.sources);
  const what = nameOf(leader);
  if (part === undefined) {
    const missing = missingTool(leader, context.look);
    if (missing !== undefined) return unreadable(source, 'no-tool', msg('{0} is not installed.', missing));
    if (hung === undefined) return unreadable(source, 'failed', msg('{0} was not run.', what));
    const before = context.sources.find((one) => one.id === hung.name);
    return unreadable(
      source,
      'failed',
      msg(
        '{0} was not run, because {1} before it did not finish within {2} s.',
        what,
        before === undefined ? hung.name : nameOf(before),
        context.commandSeconds,
      ),
    );
  }
  if (part === hung) {
    return unreadable(
      source,
      'failed',
      msg('{0} did not finish within {1} s.', what, context.commandSeconds),
      msg('The host is overloaded or the command hangs there: run it by hand to see.'),
    );
  }
  if (part.status !== 0) {
    return unreadable(
      source,
      'failed',
      msg('{0} failed (exit status {1}): {2}', what, part.status ?? '–', firstLine(part.text) || '–'),
    );
  }
  return parsed(source, what, part.text, context);
}

/** What a person would call the thing that was read: a path, or the program that printed it. */
function nameOf(source: Source): string {
  switch (source.reader.kind) {
    case 'file':
      return source.reader.path;
    case 'sysfs':
      return '/sys/class/net';
    case 'command':
      return source.reader.tools[0] ?? source.id;
    case 'with':
      return source.reader.source;
  }
}

function parsed(source: Source, what: string, text: string, context: ReadingContext): Reading {
  const parse = context.parserFor(source.id);
  if (parse === undefined) throw new RangeError(`there is no parser for the source ${source.id}`);
  const facts = parse(text);
  const nothing = facts.counters.size + facts.gauges.size + facts.texts.size + facts.rows.length === 0;
  const problem = facts.problems[0];
  if (nothing && problem !== undefined) {
    return unreadable(source, 'garbled', msg('{0} printed something that could not be read: {1}', what, firstLine(problem)));
  }
  return { state: 'ok', facts };
}
