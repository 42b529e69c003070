import { randomUUID } from 'node:crypto';
import type { SshTerminal } from '../../collect/ssh/types.js';
import { loginShellLine } from '../../collect/quote.js';
import { msg } from '../../core/message.js';
import type { Translate } from '../../engine/report.js';
import { ClientNotifications, Requests, ServerNotifications } from '../../protocol/messages.js';
import { forPeople } from '../errors.js';
import { UserError, type Rpc } from '../rpc.js';
import type { Targets } from '../targets.js';

/** Terminals on targets: a program to start for a local one, a pseudo-terminal over the open connection for SSH. */
export function handleTerminals(rpc: Rpc, targets: Targets, translate: Translate): void {
  const terminals = new Map<string, SshTerminal>();

  rpc.handle(Requests.terminalCommand, async ({ target }, signal) => {
    const { live } = targets.get(target);
    if (live.target.kind === 'ssh') return { kind: 'remote' as const };
    if (live.target.kind === 'recording') throw new UserError(translate(msg('This is a recording: there is no host to open a terminal on.')), undefined);
    try {
      const { entry } = await live.connect(true, signal);
      return { kind: 'shell' as const, argv: entry.prefix.length > 0 ? [...entry.prefix, 'sh'] : [] };
    } catch (error) {
      throw forPeople(error);
    }
  });

  rpc.handle(Requests.openTerminal, async ({ target, columns, rows }, signal) => {
    try {
      const { live } = targets.get(target);
      const { ssh, entry, session } = await live.connect(true, signal);
      if (ssh === undefined) {
        throw new UserError(translate(msg('A terminal of {0} is opened by VS Code itself.', session.host.name)), undefined);
      }
      const terminal = await ssh.openTerminal({ columns, rows });
      const id = randomUUID();
      terminals.set(id, terminal);
      const release = live.hold();
      terminal.onData((data) => rpc.notify(ServerNotifications.terminalData, { terminal: id, data }));
      void terminal.exit.then((exit) => {
        release();
        terminals.delete(id);
        rpc.notify(ServerNotifications.terminalExit, { terminal: id, exit });
      });
      // A login shell starts in the host's namespace; the person wants the one that they look at.
      if (entry.prefix.length > 0) terminal.write(`exec ${loginShellLine([...entry.prefix, 'sh'])}\n`);
      return { terminal: id };
    } catch (error) {
      throw forPeople(error);
    }
  });

  rpc.onNotification(ClientNotifications.terminalInput, ({ terminal, data }) => terminals.get(terminal)?.write(data));
  rpc.onNotification(ClientNotifications.terminalResize, ({ terminal, columns, rows }) =>
    terminals.get(terminal)?.resize({ columns, rows }),
  );
  rpc.onNotification(ClientNotifications.terminalClose, ({ terminal }) => terminals.get(terminal)?.close());
}
