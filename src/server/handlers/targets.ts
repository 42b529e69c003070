import { hostname } from 'node:os';
import { existsSync } from 'node:fs';
import { msg } from '../../core/message.js';
import type { Translate } from '../../engine/report.js';
import { machineWith } from '../../engine/open.js';
import { Requests } from '../../protocol/messages.js';
import { forPeople } from '../errors.js';
import type { Rpc } from '../rpc.js';
import type { Targets } from '../targets.js';

/**
 * Answers what concerns targets as such: which there are, connecting, watching. `configFile`: the ssh configuration file
 * that a person chose, `null` for the usual ones.
 */
export function handleTargets(rpc: Rpc, targets: Targets, translate: Translate, configFile: () => string | null): void {
  rpc.handle(Requests.local, () => {
    if (process.platform === 'linux' && existsSync('/proc/net/netstat')) return { available: true as const, host: hostname() };
    return {
      available: false as const,
      why: translate(msg('This machine does not run Linux: packet loss can be looked at on a Linux host over SSH.')),
    };
  });

  rpc.handle(Requests.connect, async ({ target, interactive }, signal) => {
    try {
      const { session, replay } = await targets.get(target).live.connect(interactive, signal);
      const { name, kernel, bootId, uid } = session.host;
      return { name, kernel, bootId, uid: uid ?? null, recorded: replay === undefined ? null : Date.parse(replay.recording.header.began) };
    } catch (error) {
      throw forPeople(error);
    }
  });

  rpc.handle(Requests.disconnect, async ({ target }) => {
    await targets.remove(target);
    return {};
  });

  rpc.handle(Requests.watch, ({ target, tree, intervalMs }) => {
    const entry = targets.get(target);
    entry.tree = tree;
    entry.intervalMs = intervalMs;
    targets.update(entry);
    return {};
  });

  rpc.handle(Requests.refreshTree, ({ target }) => {
    const { live, painter } = targets.get(target);
    painter.paintTree(live, true);
    return {};
  });

  rpc.handle(Requests.sshHosts, async () => {
    const { listSshHosts, thisMachine } = await import('../../collect/ssh/entry.js');
    const machine = machineWith(thisMachine(), configFile() ?? undefined);
    return { hosts: [...(await listSshHosts(machine))] };
  });
}
