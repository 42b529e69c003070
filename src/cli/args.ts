import { parseArgs } from 'node:util';
import { formatTarget, parseTarget, type HostTarget, type Target } from '../collect/target.js';
import { parseFlow, type Flow } from '../core/bothEnds/flow.js';
import { english, msg } from '../core/message.js';
import { chosenTarget, recordInvocation, reportInvocation, type RecordingInvocation } from './recordingArgs.js';
import { LONGEST_WINDOW, SHORTEST_WINDOW } from '../engine/watch.js';

/** What a command line asks for. */
export type Invocation =
  | { readonly kind: 'help' }
  | { readonly kind: 'version' }
  | { readonly kind: 'diagnose'; readonly target: Target; readonly seconds: number; readonly json: boolean; readonly root: boolean }
  | {
      readonly kind: 'bothEnds';
      readonly target: Target;
      readonly peer: Target;
      /** `undefined`: the busiest between the two. */
      readonly flow: Flow | undefined;
      readonly seconds: number;
      readonly json: boolean;
      readonly root: boolean;
    }
  | { readonly kind: 'sample'; readonly target: Target; readonly json: boolean }
  | { readonly kind: 'namespaces'; readonly target: HostTarget; readonly json: boolean }
  | RecordingInvocation;

const DEFAULT_SECONDS = 3;

/** Reads the arguments behind the program's name. Never throws: a mistake is an invocation too. */
export function parseInvocation(argv: readonly string[]): Invocation {
  let parsed;
  try {
    parsed = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        seconds: { type: 'string' },
        peer: { type: 'string' },
        flow: { type: 'string' },
        json: { type: 'boolean', default: false },
        root: { type: 'boolean', default: false },
        recording: { type: 'string' },
        out: { type: 'string' },
        force: { type: 'boolean', default: false },
        redact: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
        version: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    return wrong(error instanceof Error ? error.message : String(error));
  }
  const { values, positionals } = parsed;
  const [command, targetText, ...extra] = positionals;
  if (values.version) return { kind: 'version' };
  if (values.help || command === undefined || command === 'help') return { kind: 'help' };
  const writes = command === 'record' || command === 'report';
  if (!writes && (values.out !== undefined || values.force || values.redact)) return wrong(english(msg('--out, --force and --redact belong to record and report.')));
  if (command === 'report') return extra[0] === undefined ? reportInvocation(targetText, values.redact) : wrong(english(msg('One recording at a time: {0} is one too many.', extra[0])));
  if (command !== 'record' && command !== 'diagnose' && command !== 'sample' && command !== 'namespaces') return wrong(english(msg('There is no command called {0}.', command)));
  if (extra[0] !== undefined) return wrong(english(msg('One target at a time: {0} is one too many.', extra[0])));
  const target = chosenTarget(targetText, values.recording);
  if (target.kind === 'malformed') return wrong(english(target.problem));
  if (command === 'namespaces') {
    if (target.target.kind === 'recording') return wrong(english(msg('A recording has no other namespaces to look into.')));
    if (values.seconds !== undefined || values.root || values.peer !== undefined || values.flow !== undefined) {
      return wrong(english(msg('namespaces lists what is on one host and has no option but --json.')));
    }
    return { kind: 'namespaces', target: target.target, json: values.json };
  }
  if (command === 'sample') {
    if (values.seconds !== undefined) return wrong(english(msg('sample takes one look and has no --seconds.')));
    if (values.root) return wrong(english(msg('sample reads without root and has no --root.')));
    if (values.peer !== undefined || values.flow !== undefined) return wrong(english(msg('sample looks at one host and has no --peer and no --flow.')));
    return { kind: 'sample', target: target.target, json: values.json };
  }
  if (target.target.kind === 'recording' && (values.seconds !== undefined || values.root || values.peer !== undefined)) {
    return wrong(english(msg('A recording holds its own window: --seconds, --root and --peer are for hosts.')));
  }
  const seconds = values.seconds === undefined ? DEFAULT_SECONDS : Number(values.seconds);
  if (!(seconds >= SHORTEST_WINDOW && seconds <= LONGEST_WINDOW)) {
    return wrong(english(msg('--seconds takes a number from {0} to {1}.', SHORTEST_WINDOW, LONGEST_WINDOW)));
  }
  const wanted = { target: target.target, seconds, json: values.json, root: values.root };
  if (command === 'record') {
    if (values.peer !== undefined || values.flow !== undefined) return wrong(english(msg('record looks at one host and has no --peer and no --flow.')));
    return recordInvocation({ ...wanted, out: values.out, force: values.force, redact: values.redact });
  }
  if (values.peer === undefined) {
    return values.flow === undefined ? { kind: 'diagnose', ...wanted } : wrong(english(msg('--flow needs the other host: name it with --peer.')));
  }
  return bothEnds(wanted, values.peer, values.flow);
}

function bothEnds(wanted: Omit<Extract<Invocation, { kind: 'diagnose' }>, 'kind'>, peerText: string, flowText: string | undefined): Invocation {
  const peer = parseTarget(peerText);
  if (peer.kind === 'malformed') return wrong(english(peer.problem));
  if (peer.target.kind === 'recording') return wrong(english(msg('--peer names a host, and not a recording.')));
  if (formatTarget(peer.target) === formatTarget(wanted.target)) return wrong(english(msg('--peer names the other host: {0} is the same target.', peerText)));
  const flow = flowText === undefined ? undefined : parseFlow(flowText);
  if (flow?.kind === 'malformed') return wrong(english(flow.problem));
  return { kind: 'bothEnds', ...wanted, peer: peer.target, flow: flow?.flow };
}

function wrong(why: string): Invocation {
  return { kind: 'wrong', why };
}
