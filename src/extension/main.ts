import { l10n, languages, window, workspace, type ExtensionContext, type LogOutputChannel, type TextDocument } from 'vscode';
import { ClientNotifications, Requests } from '../protocol/messages.js';
import { sentence } from './client/errors.js';
import { Previews } from './changes/persist.js';
import { ChangeStates } from './changes/states.js';
import { ChangeStatus } from './changes/status.js';
import { noticeFailures } from './client/notice.js';
import { Server } from './client/server.js';
import { KeptReports } from './diagnose/kept.js';
import { RootConsent } from './diagnose/root.js';
import { registerCommands } from './commands.js';
import { OUTPUT, RUNBOOK_FILES } from './ids.js';
import { Panels } from './runbook/panels.js';
import { Params } from './runbook/params.js';
import { Terminals } from './runbook/terminals.js';
import { settings } from './settings.js';
import { Status } from './status.js';
import { answerPrompts } from './targets/prompts.js';
import { SecretAnswers } from './targets/secretAnswers.js';
import { askInBox } from './targets/secretBox.js';
import { KeptSecrets } from './targets/secrets.js';
import { SavedTargets } from './targets/saved.js';
import { Targets } from './targets/targets.js';
import { LayersView } from './tree/view.js';

/** VS Code ends an extension without handing back its context: what must end in time is found here. */
const ending: (() => Promise<void>)[] = [];

/**
 * Registers everything and starts nothing: the language client and the server come with the first view that is shown
 * or the first command.
 */
export function activate(context: ExtensionContext): void {
  const began = performance.now();
  const log = window.createOutputChannel(OUTPUT, { log: true });
  context.subscriptions.push(log);
  try {
    const server = new Server(
      async (report) => {
        const { createLink } = await import('./client/entry.js');
        return createLink(context, log, report);
      },
      (problem) => log.warn(problem),
    );
    ending.push(() => server.stop());
    start(context, server, log);
    log.debug(`activated in ${(performance.now() - began).toFixed(1)} ms`);
  } catch (error) {
    log.error(error instanceof Error ? error : String(error));
    void window.showErrorMessage(l10n.t('Droplens could not be activated: {0}', sentence(error)));
    throw error;
  }
}

/** Ends the server. VS Code waits for it. */
export async function deactivate(): Promise<void> {
  await Promise.all(ending.splice(0).map((end) => end()));
}

function start(context: ExtensionContext, server: Server, log: LogOutputChannel): void {
  const warn = (problem: string): void => log.warn(problem);
  const targets = new Targets(server, new SavedTargets(context.globalState));
  const status = new Status();
  const view = new LayersView(server, targets, warn, (count) => status.findings(count));
  const reports = new KeptReports(context.workspaceState);
  const terminals = new Terminals(server, targets);
  const changes = new ChangeStates(server);
  const previews = new Previews();
  const panels = new Panels({
    server,
    targets,
    terminals,
    reports,
    changes,
    previews,
    params: new Params(server, context.workspaceState),
    extension: context.extensionUri,
    log: warn,
    reveal: (target, layer) => void view.reveal(target, layer),
  });
  const kept = new KeptSecrets(context.secrets);
  answerPrompts(server, new SecretAnswers(kept, askInBox, (problem) => warn(`secret store: ${problem}`)));
  noticeFailures(server);
  context.subscriptions.push(
    ...registerCommands({ server, targets, view, panels, terminals, status, consent: new RootConsent(server), reports, kept, previews, log }),
    changes,
    previews,
    new ChangeStatus(changes, (target) => targets.label(target)),
    status,
    view,
    terminals,
    panels,
    workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration(`${settings.section}.ssh`)) tellSshOptions(server, warn);
    }),
    workspace.onDidGrantWorkspaceTrust(() => tellSshOptions(server, warn)),
    workspace.onDidOpenTextDocument((document) => wake(server, document, warn)),
  );
  for (const document of workspace.textDocuments) wake(server, document, warn);
}

/** A server that is not running is told when it starts. */
function tellSshOptions(server: Server, warn: (problem: string) => void): void {
  if (server.state.kind !== 'running') return;
  server.notify(ClientNotifications.sshOptions, settings.ssh()).catch((error: unknown) => warn(sentence(error)));
}

/** A runbook in an editor needs the server, even when no view is shown. */
function wake(server: Server, document: TextDocument, warn: (problem: string) => void): void {
  if (server.state.kind !== 'idle' || languages.match(RUNBOOK_FILES, document) === 0) return;
  server.request(Requests.local, {}).catch((error: unknown) => warn(sentence(error)));
}
