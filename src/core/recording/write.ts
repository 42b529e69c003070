import type { Message } from '../message.js';
import { writeLines } from './lines.js';
import type {
  Json,
  RecordedAnswer,
  RecordedPart,
  RecordedRoot,
  RecordedTrace,
  Recording,
  RootAnswer,
  Sha256,
} from './types.js';

/** A recording as the text of a file. Optional values that are missing are left out. */
export function writeRecording(recording: Recording, sha256: Sha256): string {
  return writeLines(recordsOf(recording), sha256);
}

function* recordsOf(recording: Recording): Generator<Json> {
  const { header, hello, answers, windows, commands, changes } = recording;
  const { host } = header;
  yield {
    kind: 'header',
    product: header.product,
    target: header.target,
    host: { name: host.name, kernel: host.kernel, bootId: host.bootId, ...optional('uid', host.uid), tools: [...host.tools] },
    began: header.began,
    inNamespace: header.inNamespace,
    commandSeconds: header.commandSeconds,
    redacted: header.redacted,
  };
  yield { kind: 'hello', parts: parts(hello) };
  for (const answer of answers) yield { kind: 'answer', ...answerJson(answer) };
  for (const { at, answers: numbers, root, report } of windows) yield { kind: 'window', at, answers: [...numbers], root: rootJson(root), report };
  for (const command of commands) yield { kind: 'command', ...command, env: command.env.map((pair) => [...pair]) };
  for (const change of changes) yield { kind: 'change', ...change, commands: [...change.commands] };
}

function optional<T extends Json>(name: string, value: T | undefined): { readonly [name: string]: Json } {
  return value === undefined ? {} : { [name]: value };
}

function parts(list: readonly RecordedPart[]): Json {
  return list.map(({ name, text, status }) => ({ name, ...optional('status', status), text }));
}

function answerJson({ seq, tiers, parts: list }: RecordedAnswer): { readonly [name: string]: Json } {
  return { seq, tiers: [...tiers], parts: parts(list) };
}

function rootJson(root: RecordedRoot): Json {
  if (root.kind === 'without') return { kind: 'without', why: message(root.why), ...optional('how', root.how && message(root.how)) };
  return { kind: 'looked', hello: parts(root.hello), begin: rootAnswer(root.begin), trace: trace(root.trace), end: rootAnswer(root.end) };
}

function rootAnswer(answer: RootAnswer): Json {
  return answer.kind === 'failed' ? { kind: 'failed', why: answer.why } : { kind: 'answer', ...answerJson(answer.answer) };
}

function trace(recorded: RecordedTrace): Json {
  if (recorded.kind === 'failed') return { kind: 'failed', why: recorded.why };
  return { kind: 'printed', begun: recorded.begun, ...optional('ended', recorded.ended) };
}

function message({ text, args }: Message): { readonly [name: string]: Json } {
  return { text, args: [...args] };
}
