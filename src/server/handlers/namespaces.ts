import { msg } from '../../core/message.js';
import { namespacesOf } from '../../engine/namespaces.js';
import type { Translate } from '../../engine/report.js';
import { Requests } from '../../protocol/messages.js';
import { forPeople } from '../errors.js';
import { UserError, type Rpc } from '../rpc.js';
import type { Targets } from '../targets.js';

/** Answers which network namespaces there are on a target's host, over the connection that exists or a new one. */
export function handleNamespaces(rpc: Rpc, targets: Targets, translate: Translate): void {
  rpc.handle(Requests.namespaces, async ({ target }, signal) => {
    const { live } = targets.get(target);
    if (live.target.kind === 'recording') throw new UserError(translate(msg('A recording has no other namespaces to look into.')), undefined);
    const release = live.hold();
    try {
      const { transport, session } = await live.connect(true, signal);
      return await namespacesOf(live.target, transport, session.host.name, signal);
    } catch (error) {
      throw forPeople(error);
    } finally {
      release();
    }
  });
}
