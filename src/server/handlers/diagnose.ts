import { msg } from '../../core/message.js';
import { rootCommands } from '../../core/privileged/sources.js';
import type { Library } from '../../engine/library.js';
import { toReport, type Translate } from '../../engine/report.js';
import { LONGEST_WINDOW, SHORTEST_WINDOW } from '../../engine/watch.js';
import { Requests, ServerNotifications } from '../../protocol/messages.js';
import { forPeople } from '../errors.js';
import type { RootAccess } from '../rootAccess.js';
import type { Rpc } from '../rpc.js';
import type { Targets } from '../targets.js';

/** Answers "is this host losing packets, where and why?". */
export function handleDiagnose(rpc: Rpc, targets: Targets, library: Library, translate: Translate, access: RootAccess): void {
  rpc.handle(Requests.rootCommands, () => ({ commands: rootCommands().map(({ line, why }) => ({ line, why: translate(why) })) }));
  rpc.handle(Requests.diagnose, async ({ target, seconds, root }, signal) => {
    const { live } = targets.get(target);
    const window = Math.min(LONGEST_WINDOW, Math.max(SHORTEST_WINDOW, seconds));
    const progress = (elapsed: number): void =>
      rpc.notify(ServerNotifications.diagnoseProgress, {
        target: live.uri,
        elapsed,
        seconds: window,
        text: translate(msg('watching {0} of {1} s', Math.floor(elapsed), window)),
      });
    try {
      const { diagnosis, host, keep } = root
        ? await live.diagnose(window, progress, signal, (opened) => access.open(opened, window, signal))
        : await live.diagnose(window, progress, signal);
      const report = toReport(live.uri, host, diagnosis, library, translate);
      keep(report);
      return report;
    } catch (error) {
      throw forPeople(error);
    }
  });
}
