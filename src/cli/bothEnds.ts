import { TransportError } from '../collect/transport.js';
import { formatFlow, type Flow } from '../core/bothEnds/flow.js';
import type { SeenFlow } from '../core/bothEnds/match.js';
import { english, msg } from '../core/message.js';
import { listFlows, orient, watchFlow, type Side } from '../engine/bothEnds.js';
import { toBothEndsReport } from '../engine/bothEndsReport.js';
import { notAgreed, openDeeper, rootWay } from '../engine/deeper.js';
import { loadLibrary } from '../engine/library.js';
import type { OpenedTarget } from '../engine/open.js';
import type { Invocation } from './args.js';
import { disposable, open, type Environment } from './opened.js';
import { bothEndsText, jsonText } from './text.js';

/** Watches a flow at both its ends. Status: 0 nothing lost, 1 loss, 2 not decided; rejects where it could not watch. */
export async function diagnoseBothEnds(wanted: Extract<Invocation, { kind: 'bothEnds' }>, env: Environment): Promise<0 | 1 | 2> {
  const { seconds, json, root } = wanted;
  const library = await loadLibrary(env.runbooks);
  // One after the other: each may have a question for the person.
  await using here = disposable(await open(wanted.target, env));
  await using there = disposable(await open(wanted.peer, env));
  await using deeperHere = root ? disposable(await openDeeper(here.value, rootWay(here.value), seconds, env.signal)) : undefined;
  await using deeperThere = root ? disposable(await openDeeper(there.value, rootWay(there.value), seconds, env.signal)) : undefined;
  const side = (opened: OpenedTarget, deeper: Side['deeper'] | undefined): Side => ({
    opened,
    sampler: opened.session,
    deeper: deeper ?? notAgreed(msg('Run diagnose with --root, as root or as a user whom sudo lets in without a password.')),
  });
  const [a, b] = [side(here.value, deeperHere?.value), side(there.value, deeperThere?.value)];
  const { flow, sender, receiver, others } = await choose(wanted.flow, a, b, env.signal);
  if (!json) env.stderr.write(`${english(msg('Watching {0} at both ends for {1} s …', formatFlow(flow), seconds))}\n`);
  const watched = await watchFlow(flow, sender, receiver, library.causes, seconds, () => undefined, env.signal);
  const report = toBothEndsReport(watched, others, library, english);
  env.stdout.write(json ? jsonText(report) : bothEndsText(report));
  return report.verdict === 'loss' ? 1 : report.verdict === 'clean' ? 0 : 2;
}

interface Choice {
  readonly flow: Flow;
  readonly sender: Side;
  readonly receiver: Side;
  readonly others: readonly SeenFlow[];
}

async function choose(flow: Flow | undefined, a: Side, b: Side, signal: AbortSignal): Promise<Choice> {
  if (flow !== undefined) return { flow, ...(await orient(flow, a, b, signal)), others: [] };
  const [busiest, ...others] = await listFlows(a, b, signal);
  if (busiest === undefined) {
    const [one, other] = [a.opened.session.host.name, b.opened.session.host.name];
    throw new TransportError(
      'unreachable',
      english(msg('{0} and {1} have no connection with each other.', one, other)),
      english(msg('Start what is to be watched, or name the flow with --flow: behind NAT both hosts know it by other addresses.')),
    );
  }
  const [sender, receiver] = busiest.sender === 'a' ? [a, b] : [b, a];
  return { flow: busiest.flow, sender, receiver, others };
}
