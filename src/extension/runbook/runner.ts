import { CancellationTokenSource, commands, env, l10n, window } from 'vscode';
import { Requests } from '../../protocol/messages.js';
import type { RunbookCommand, RunResult } from '../../protocol/runbook.js';
import { isCancelled, sentence } from '../client/errors.js';
import type { Server } from '../client/server.js';
import { COMMANDS } from '../ids.js';
import type { Targets } from '../targets/targets.js';
import { confirmRun } from './confirm.js';
import { isTypeable } from './lookup.js';
import type { Params } from './params.js';
import type { Terminals } from './terminals.js';

export interface RunnerParts {
  readonly server: Server;
  readonly targets: Targets;
  readonly params: Params;
  readonly terminals: Terminals;
}

/** Which command of which version of which runbook, on which target. Ids only: the server holds the text. */
export interface Chosen {
  readonly target: string;
  readonly runbook: string;
  readonly hash: string;
  readonly command: RunbookCommand;
}

/** Runs, types or copies the commands of a runbook. */
export class Runner {
  readonly #running = new Map<string, CancellationTokenSource>();

  constructor(private readonly parts: RunnerParts) {}

  /** Ids of the commands that run. */
  running(): readonly string[] {
    return [...this.#running.keys()];
  }

  cancel(command: string): void {
    this.#running.get(command)?.cancel();
  }

  cancelAll(): void {
    for (const source of this.#running.values()) source.cancel();
  }

  /** Asks what must be asked, then runs. `started` is called when nothing more is asked. Never rejects. */
  async run(chosen: Chosen, started: () => void): Promise<RunResult> {
    const { id } = chosen.command;
    if (this.#running.has(id)) return { kind: 'refused', why: l10n.t('This command is running already.'), how: null };
    const source = new CancellationTokenSource();
    this.#running.set(id, source);
    try {
      return await this.#run(chosen, source, started);
    } catch (error) {
      return isCancelled(error) ? { kind: 'cancelled' } : { kind: 'refused', why: sentence(error), how: null };
    } finally {
      this.#running.delete(id);
      source.dispose();
    }
  }

  /** Types the command into a terminal of the target; whether it runs is the person's Enter. */
  async type(chosen: Chosen): Promise<void> {
    const made = await this.#text(chosen);
    if (made === undefined) return;
    const { text, line } = made;
    if (!isTypeable(line)) {
      await env.clipboard.writeText(text);
      void window.showInformationMessage(
        l10n.t('Typing this command would run a part of it, because it is not one line. It was copied to the clipboard instead.'),
      );
      return;
    }
    await this.parts.terminals.type(chosen.target, line);
  }

  async copy(chosen: Chosen): Promise<void> {
    const made = await this.#text(chosen);
    if (made === undefined) return;
    await env.clipboard.writeText(made.text);
    window.setStatusBarMessage(l10n.t('Copied: {0}', chosen.command.label), 3000);
  }

  async #run(chosen: Chosen, source: CancellationTokenSource, started: () => void): Promise<RunResult> {
    const { server, targets, params } = this.parts;
    const { target, runbook, hash, command } = chosen;
    const values = await params.ask(target, command);
    if (values === undefined) return { kind: 'cancelled' };
    const host = await targets.ensure(target, true, source.token);
    const ids = { target, runbook, hash, command: command.id, params: values };
    if (command.risk !== 'read-only') {
      const text = await server.request(Requests.commandText, ids, source.token);
      if (text.kind === 'refused') return { kind: 'refused', why: text.why, how: null };
      if (!(await confirmRun(host, targets.label(target), command, text.text))) return { kind: 'cancelled' };
    }
    started();
    return await server.request(Requests.runCommand, ids, source.token);
  }

  async #text({ target, runbook, hash, command }: Chosen): Promise<{ readonly text: string; readonly line: string } | undefined> {
    const values = await this.parts.params.ask(target, command);
    if (values === undefined) return undefined;
    const text = await this.parts.server.request(Requests.commandText, { target, runbook, hash, command: command.id, params: values });
    if (text.kind === 'text') return text;
    const log = l10n.t('Show Log');
    if ((await window.showErrorMessage(text.why, log)) === log) await commands.executeCommand(COMMANDS.showLog);
    return undefined;
  }
}
