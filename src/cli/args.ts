import { parseArgs } from 'node:util';
import { parseTarget, type Target } from '../collect/target.js';
import { english, msg } from '../core/message.js';
import { LONGEST_WINDOW, SHORTEST_WINDOW } from '../engine/watch.js';

/** What a command line asks for. */
export type Invocation =
  | { readonly kind: 'help' }
  | { readonly kind: 'version' }
  | { readonly kind: 'diagnose'; readonly target: Target; readonly seconds: number; readonly json: boolean; readonly root: boolean }
  | { readonly kind: 'sample'; readonly target: Target; readonly json: boolean }
  | { readonly kind: 'wrong'; readonly why: string };

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
        json: { type: 'boolean', default: false },
        root: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
        version: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    return wrong(error instanceof Error ? error.message : String(error));
  }
  const { values, positionals } = parsed;
  const [command, targetText = 'local:/', ...extra] = positionals;
  if (values.version) return { kind: 'version' };
  if (values.help || command === undefined || command === 'help') return { kind: 'help' };
  if (command !== 'diagnose' && command !== 'sample') return wrong(english(msg('There is no command called {0}.', command)));
  if (extra[0] !== undefined) return wrong(english(msg('One target at a time: {0} is one too many.', extra[0])));
  const target = parseTarget(targetText);
  if (target.kind === 'malformed') return wrong(english(target.problem));
  if (command === 'sample') {
    if (values.seconds !== undefined) return wrong(english(msg('sample takes one look and has no --seconds.')));
    if (values.root) return wrong(english(msg('sample reads without root and has no --root.')));
    return { kind: 'sample', target: target.target, json: values.json };
  }
  const seconds = values.seconds === undefined ? DEFAULT_SECONDS : Number(values.seconds);
  if (!(seconds >= SHORTEST_WINDOW && seconds <= LONGEST_WINDOW)) {
    return wrong(english(msg('--seconds takes a number from {0} to {1}.', SHORTEST_WINDOW, LONGEST_WINDOW)));
  }
  return { kind: 'diagnose', target: target.target, seconds, json: values.json, root: values.root };
}

function wrong(why: string): Invocation {
  return { kind: 'wrong', why };
}
