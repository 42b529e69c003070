import { formatFlow, parseFlow } from '../../core/bothEnds/flow.js';
import { msg } from '../../core/message.js';
import { listFlows, orient, watchFlow } from '../../engine/bothEnds.js';
import { toBothEndsReport } from '../../engine/bothEndsReport.js';
import { notAgreed } from '../../engine/deeper.js';
import type { Library } from '../../engine/library.js';
import type { Translate } from '../../engine/report.js';
import { LONGEST_WINDOW, SHORTEST_WINDOW } from '../../engine/watch.js';
import { Requests, ServerNotifications } from '../../protocol/messages.js';
import { forPeople } from '../errors.js';
import { UserError, type Rpc } from '../rpc.js';
import type { Targets } from '../targets.js';

/** Answers "which flows are there between these two hosts, and where does one of them lose?". */
export function handleBothEnds(rpc: Rpc, targets: Targets, library: Library, translate: Translate): void {
  const both = (a: string, b: string) => {
    const [one, other] = [targets.get(a).live, targets.get(b).live];
    if (one !== other) return [one, other] as const;
    throw new UserError(translate(msg('Both ends are the same target: choose two.')), undefined);
  };

  rpc.handle(Requests.flows, async ({ a, b }, signal) => {
    const [one, other] = both(a, b);
    try {
      // One after the other: each may have a question for the person.
      const flows = await one.sampling(signal, (here) =>
        other.sampling(signal, (there) => listFlows({ opened: here }, { opened: there }, signal)),
      );
      return { flows: flows.map(({ flow, moved, waiting }) => ({ flow: formatFlow(flow), moved, waiting })) };
    } catch (error) {
      throw forPeople(error);
    }
  });

  rpc.handle(Requests.bothEnds, async ({ a, b, flow: text, seconds }, signal) => {
    const [one, other] = both(a, b);
    const parsed = parseFlow(text);
    if (parsed.kind === 'malformed') throw new UserError(translate(parsed.problem), undefined);
    const window = Math.min(LONGEST_WINDOW, Math.max(SHORTEST_WINDOW, seconds));
    const progress = (elapsed: number): void =>
      rpc.notify(ServerNotifications.diagnoseProgress, {
        target: one.uri,
        elapsed,
        seconds: window,
        text: translate(msg('watching both ends: {0} of {1} s', Math.floor(elapsed), window)),
      });
    const deeper = notAgreed(msg('Use “Diagnose deeper as root” on each of the two hosts.'));
    try {
      return await one.sampling(signal, (here, samplerHere) =>
        other.sampling(signal, async (there, samplerThere) => {
          const [left, right] = [{ opened: here, sampler: samplerHere, deeper }, { opened: there, sampler: samplerThere, deeper }];
          const { sender, receiver } = await orient(parsed.flow, left, right, signal);
          const watched = await watchFlow(parsed.flow, sender, receiver, library.causes, window, progress, signal);
          return toBothEndsReport(watched, [], library, translate);
        }),
      );
    } catch (error) {
      throw forPeople(error);
    }
  });
}
