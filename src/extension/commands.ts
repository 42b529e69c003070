import { commands, env, l10n, window, type Disposable, type LogOutputChannel } from 'vscode';
import { plain, sentence } from './client/errors.js';
import { showChanges, undoAll } from './changes/log.js';
import type { Previews } from './changes/persist.js';
import { diagnoseBothEnds } from './diagnose/bothEnds.js';
import { diagnose, type DiagnoseParts } from './diagnose/diagnose.js';
import type { KeptReports } from './diagnose/kept.js';
import { COMMANDS, GUIDE } from './ids.js';
import { openRecording, recordHost, writeReport } from './recording/commands.js';
import { isRunbookId } from './runbook/lookup.js';
import type { Terminals } from './runbook/terminals.js';
import { addNamespace, addSshHost, connectVisibly, pickTarget } from './targets/commands.js';
import { forgetCredentials, forgetHostKey } from './targets/forget.js';
import type { KeptSecrets } from './targets/secrets.js';
import type { Row } from './tree/item.js';

export interface CommandParts extends DiagnoseParts {
  readonly terminals: Terminals;
  readonly reports: KeptReports;
  readonly kept: KeptSecrets;
  readonly previews: Previews;
  readonly log: LogOutputChannel;
}

/** The target that a command was given: a row of the tree, a target's text, or nothing (then it asks). */
function givenTarget(argument: unknown): string | undefined {
  if (typeof argument === 'string') return argument;
  return isRow(argument) ? argument.target : undefined;
}

function isRow(argument: unknown): argument is Row {
  return (
    typeof argument === 'object' &&
    argument !== null &&
    'target' in argument &&
    typeof argument.target === 'string' &&
    'id' in argument &&
    (argument.id === null || typeof argument.id === 'string')
  );
}

/** Registers every command of package.json. A command without an argument asks for what it needs. */
export function registerCommands(parts: CommandParts): Disposable[] {
  const { server, targets, view, panels, terminals, reports, kept, log } = parts;
  const target = async (argument: unknown, title: string): Promise<string | undefined> => {
    const given = givenTarget(argument);
    if (given !== undefined && targets.list().includes(given)) return given;
    await targets.local();
    return given !== undefined && targets.list().includes(given) ? given : await pickTarget(targets, title);
  };
  const actions: Readonly<Record<keyof typeof COMMANDS, (argument: unknown, more?: unknown) => Promise<void>>> = {
    diagnose: (argument) => diagnose(parts, givenTarget(argument)),
    diagnoseDeeper: (argument) => diagnose(parts, givenTarget(argument), true),
    diagnoseBothEnds: (argument) => diagnoseBothEnds(parts, givenTarget(argument)),
    addSshHost: () => addSshHost(server, targets),
    addNamespace: async (argument) => {
      await targets.local();
      await addNamespace(server, targets, givenTarget(argument));
    },
    connect: async (argument) => {
      const chosen = await target(argument, l10n.t('Connect to which host?'));
      if (chosen !== undefined) await connectVisibly(targets, chosen, true);
    },
    removeTarget: async (argument) => {
      const chosen = givenTarget(argument);
      if (chosen === undefined) return;
      await reports.drop(chosen);
      await targets.remove(chosen);
    },
    openRunbook: async (argument) => {
      const chosen = await target(argument, l10n.t('Open the runbook for which host?'));
      if (chosen !== undefined) await panels.open(chosen, GUIDE);
    },
    openStep: async (argument) => {
      if (!isRow(argument)) return;
      const panel = await panels.open(argument.target, GUIDE);
      const step = view.node(argument)?.step ?? null;
      if (step !== null) panel.goto(step);
    },
    openTerminal: async (argument) => {
      const chosen = await target(argument, l10n.t('Open a terminal on which host?'));
      if (chosen !== undefined) await terminals.show(chosen);
    },
    copyRow: async (argument) => {
      const node = isRow(argument) ? view.node(argument) : undefined;
      if (node !== undefined) await env.clipboard.writeText(plain(`${node.label} ${node.description}`.trim()));
    },
    recordHost: async (argument) => {
      const chosen = await target(argument, l10n.t('Record which host?'));
      if (chosen !== undefined) await recordHost(parts, chosen);
    },
    openRecording: () => openRecording(parts),
    writeReport: async (argument) => {
      const chosen = await target(argument, l10n.t('Write the incident report of which host?'));
      if (chosen !== undefined) await writeReport(parts, chosen);
    },
    showChanges: async (argument) => {
      const chosen = await target(argument, l10n.t('Show the changes of which host?'));
      if (chosen !== undefined) await showChanges(parts, chosen);
    },
    undoAllChanges: async (argument) => {
      const chosen = await target(argument, l10n.t('Undo the changes of which host?'));
      if (chosen !== undefined) await undoAll(parts, chosen);
    },
    openChange: async (argument, runbook) => {
      const chosen = givenTarget(argument);
      if (chosen !== undefined && typeof runbook === 'string' && isRunbookId(runbook)) await panels.open(chosen, runbook);
    },
    forgetCredentials: () => forgetCredentials(kept, server),
    forgetHostKey: () => forgetHostKey(server),
    restartServer: () => server.restart(),
    showLog: () => Promise.resolve(log.show()),
  };
  return Object.entries(COMMANDS).map(([name, id]) => {
    const action = new Map(Object.entries(actions)).get(name);
    return commands.registerCommand(id, async (argument: unknown, more: unknown) => {
      try {
        await action?.(argument, more);
      } catch (error) {
        log.error(`${id}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
        await showError(sentence(error));
      }
    });
  });
}

async function showError(text: string): Promise<void> {
  const show = l10n.t('Show Log');
  if ((await window.showErrorMessage(l10n.t('Droplens: {0}', text), show)) === show) {
    await commands.executeCommand(COMMANDS.showLog);
  }
}
