import { msg } from '../../core/message.js';
import { checkParam } from '../../core/runbook/params.js';
import { PARAMS, type Command } from '../../core/runbook/blocks.js';
import type { Library } from '../../engine/library.js';
import type { Translate } from '../../engine/report.js';
import { runCommand } from '../../engine/runCommand.js';
import { Requests } from '../../protocol/messages.js';
import { forPeople } from '../errors.js';
import { UserError, type Rpc } from '../rpc.js';
import { checkParams, commandText, documentOf } from '../runbooks.js';
import type { Targets } from '../targets.js';

type Found = { readonly kind: 'found'; readonly command: Command } | { readonly kind: 'refused'; readonly why: string };

/** Answers what concerns runbooks: showing them, running their commands by id. */
export function handleRunbooks(rpc: Rpc, targets: Targets, library: Library, translate: Translate): void {
  /** The command is looked up in the document that this server parsed; only an id ever comes from outside. */
  const find = (runbook: string, hash: string, id: string): Found => {
    const loaded = library.runbooks.get(runbook);
    if (loaded === undefined) return { kind: 'refused', why: translate(msg('There is no runbook called {0}.', runbook)) };
    if (loaded.hash !== hash) return { kind: 'refused', why: translate(msg('The runbook has changed since it was shown. Open it again.')) };
    const command = loaded.commands.get(id);
    if (command === undefined) return { kind: 'refused', why: translate(msg('The runbook has no command called {0}.', id)) };
    return { kind: 'found', command };
  };

  rpc.handle(Requests.openRunbook, ({ target, runbook }) => {
    const loaded = library.runbooks.get(runbook);
    if (loaded === undefined) throw new UserError(translate(msg('There is no runbook called {0}.', runbook)), undefined);
    return documentOf(loaded, targets.get(target).live.look?.view, translate);
  });

  rpc.handle(Requests.watchRunbook, ({ target, runbook, visible }) => {
    const entry = targets.get(target);
    if (visible) entry.painter.openRunbook(entry.live, runbook);
    else entry.painter.closeRunbook(runbook);
    targets.update(entry);
    return {};
  });

  rpc.handle(Requests.runCommand, async ({ target, runbook, hash, command, params }, signal) => {
    const found = find(runbook, hash, command);
    if (found.kind === 'refused') return { ...found, how: null };
    const checked = checkParams(found.command, params);
    if (checked.kind === 'refused') return { kind: 'refused' as const, why: translate(checked.why), how: null };
    const { live } = targets.get(target);
    const release = live.hold();
    try {
      const opened = await live.connect(true, signal);
      return await runCommand(opened, runbook, found.command, checked.env, translate, signal);
    } catch (error) {
      throw forPeople(error);
    } finally {
      release();
    }
  });

  rpc.handle(Requests.commandText, ({ runbook, hash, command, params }) => {
    const found = find(runbook, hash, command);
    if (found.kind === 'refused') return found;
    const checked = checkParams(found.command, params);
    if (checked.kind === 'refused') return { kind: 'refused' as const, why: translate(checked.why) };
    return { kind: 'text' as const, ...commandText(found.command, checked.env) };
  });

  rpc.handle(Requests.checkParam, ({ name, value }) => {
    const known = PARAMS.find((param) => param === name);
    if (known === undefined) return { problem: translate(msg('There is no parameter called {0}.', name)) };
    const problem = checkParam(known, value);
    return { problem: problem ? translate(problem) : null };
  });
}
