import type { Message } from '../../message.js';
import type { Json, RecordedAnswer, RecordedPart, RecordedRoot, RecordedTrace, RecordedWindow, Recording, RootAnswer } from '../types.js';
import { withoutAddresses } from './addresses.js';
import { hostName, namesIn, withoutNames, withoutTarget, type Names } from './names.js';
import { Pseudonyms, type KeyedHash } from './pseudonyms.js';
import { withoutSecrets } from './secrets.js';

/** How deep a report may be nested; deeper ones are not ours. */
const DEEPEST = 20;

/**
 * A recording with pseudonyms in place of names of hosts and users and of addresses, in every text of it, and without what
 * looks like a secret in what commands printed. It shows the same findings. Interfaces, processes, containers and
 * namespaces keep their names.
 */
export function redact(recording: Recording, hash: KeyedHash): Recording {
  const first = new Redactor(recording, new Pseudonyms(hash));
  const redacted = first.whole();
  const { clashes } = first.pseudonyms;
  // Rare: a host that uses addresses of which pseudonyms are made. Then those are left out of the choice.
  return clashes.v4.size + clashes.v6.size === 0 ? redacted : new Redactor(recording, new Pseudonyms(hash, clashes)).whole();
}

/** Files of numbers alone, in which a name or an address could only be found by mistake. */
const NUMBERS = /^\/proc\/(?:uptime|stat|vmstat|sys\/.+|net\/(?:netstat|snmp6?|softnet_stat|sockstat6?|stat\/.+|xfrm_stat|rt6_stats))$|^\/sys\/fs\/cgroup\//;

/** Parts of an answer that hold what every host has. */
const PLAIN_PARTS = new Set(['look', 'uid', 'kernel', 'boot']);

/** Parts in which every address is followed by a port. */
const WITH_PORTS = /^(?:ss_|proc_tcp$|ports$|tcp_states$|process_files$)/;

class Redactor {
  readonly #recording: Recording;
  readonly #names: Names;

  constructor(
    recording: Recording,
    readonly pseudonyms: Pseudonyms,
  ) {
    this.#recording = recording;
    this.#names = namesIn(recording, pseudonyms);
  }

  whole(): Recording {
    const { header, hello, answers, windows, commands, changes } = this.#recording;
    return {
      header: { ...header, target: this.#target(header.target), host: { ...header.host, name: hostName(header.host.name, this.pseudonyms) }, redacted: true },
      hello: this.#parts(hello),
      answers: answers.map((answer) => this.#answer(answer)),
      windows: windows.map((window) => this.#window(window)),
      commands: commands.map((command) => ({
        ...command,
        script: this.#printed(command.script),
        env: command.env.map(([name, value]) => [name, this.#printed(value)] as const),
        output: this.#printed(command.output),
      })),
      changes: changes.map((change) => ({
        ...change,
        title: this.#printed(change.title),
        commands: change.commands.map((line) => this.#printed(line)),
        before: this.#printed(change.before),
        after: this.#printed(change.after),
        outcome: this.#printed(change.outcome),
        proof: this.#printed(change.proof),
      })),
    };
  }

  #target(target: string): string {
    return withoutTarget(target, this.pseudonyms, (host) => this.#text(host, false));
  }

  #answer(answer: RecordedAnswer): RecordedAnswer {
    return { ...answer, parts: this.#parts(answer.parts) };
  }

  #parts(parts: readonly RecordedPart[]): readonly RecordedPart[] {
    return parts.map((part) => ({ ...part, text: this.#part(part) }));
  }

  #part({ name, text }: RecordedPart): string {
    if (PLAIN_PARTS.has(name)) return text;
    if (name === 'name') return hostName(text.trim(), this.pseudonyms);
    return name === 'files' ? this.#files(text) : this.#text(text, WITH_PORTS.test(name));
  }

  /** Files as tail prints them, each behind a line with its path. */
  #files(text: string): string {
    return text
      .split(/^(?===> )/m)
      .map((file) => (NUMBERS.test(/^==> (.*) <==$/m.exec(file)?.[1] ?? '') ? file : this.#text(file, false)))
      .join('');
  }

  #window(window: RecordedWindow): RecordedWindow {
    return { ...window, root: this.#root(window.root), report: this.#report(window.report) };
  }

  /** The names that a report gives by themselves are replaced even where they are words that texts keep. */
  #report(report: Json): Json {
    if (!isObject(report)) return this.#json(report, 0);
    const { target, host, ...rest } = report;
    return {
      ...(target === undefined ? {} : { target: typeof target === 'string' ? this.#target(target) : this.#json(target, 1) }),
      ...(host === undefined ? {} : { host: isObject(host) && typeof host['name'] === 'string' ? { ...host, name: hostName(host['name'], this.pseudonyms) } : this.#json(host, 1) }),
      ...(this.#json(rest, 0) as { readonly [name: string]: Json }),
    };
  }

  #json(value: Json, depth: number): Json {
    if (typeof value === 'string') return this.#text(value, false);
    if (typeof value !== 'object' || value === null) return value;
    if (depth > DEEPEST) return null;
    if (isList(value)) return value.map((entry) => this.#json(entry, depth + 1));
    return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, this.#json(entry, depth + 1)]));
  }

  #root(root: RecordedRoot): RecordedRoot {
    if (root.kind === 'without') return { kind: 'without', why: this.#message(root.why), how: root.how && this.#message(root.how) };
    return { kind: 'looked', hello: this.#parts(root.hello), begin: this.#rootAnswer(root.begin), trace: this.#trace(root.trace), end: this.#rootAnswer(root.end) };
  }

  #rootAnswer(answer: RootAnswer): RootAnswer {
    return answer.kind === 'failed' ? { kind: 'failed', why: this.#text(answer.why, false) } : { kind: 'answer', answer: this.#answer(answer.answer) };
  }

  /** The trace tells reasons and functions of the kernel, no names. */
  #trace(trace: RecordedTrace): RecordedTrace {
    return trace.kind === 'failed' ? { kind: 'failed', why: this.#text(trace.why, false) } : trace;
  }

  #message({ text, args }: Message): Message {
    return { text, args: args.map((arg) => (typeof arg === 'string' ? this.#text(arg, false) : arg)) };
  }

  /** What a person or a program wrote freely: it may hold anything. */
  #printed(text: string): string {
    const open = withoutSecrets(text);
    return withoutNames(withoutAddresses(open, this.pseudonyms, false), this.#names, this.pseudonyms, true);
  }

  #text(text: string, ports: boolean): string {
    return withoutNames(withoutAddresses(text, this.pseudonyms, ports), this.#names, this.pseudonyms, false);
  }
}

function isObject(value: Json): value is { readonly [name: string]: Json } {
  return typeof value === 'object' && value !== null && !isList(value);
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
