import { setFlagsFromString } from 'node:v8';
import * as v from 'valibot';
import { version } from '../../package.json';
import { createConnection, ProposedFeatures, TextDocumentSyncKind, type InitializeResult } from 'vscode-languageserver/node';
import type { Target } from '../collect/target.js';
import { loadLibrary } from '../engine/library.js';
import { openTarget, type OpenedTarget, type OpenOptions } from '../engine/open.js';
import { toolsOf } from '../engine/tools.js';
import { ClientNotifications, InitializationOptions, type SshOptions } from '../protocol/messages.js';
import { askingFor, secretAsker } from './asker.js';
import { handleBothEnds } from './handlers/bothEnds.js';
import { Changes } from './changes/registry.js';
import { handleChanges } from './handlers/changes.js';
import { handleDiagnose } from './handlers/diagnose.js';
import { handleHostKeys } from './handlers/hostKeys.js';
import { handleLanguage } from './handlers/language.js';
import { handleNamespaces } from './handlers/namespaces.js';
import { handleRecordings } from './handlers/recording.js';
import { handleRunbooks } from './handlers/runbook.js';
import { handleTargets } from './handlers/targets.js';
import { handleTerminals } from './handlers/terminal.js';
import { RootAccess } from './rootAccess.js';
import { Rpc } from './rpc.js';
import { Targets } from './targets.js';
import { translator } from './translate.js';
import { backendText } from './view/backend.js';
import { targetTitle } from './view/title.js';

// V8 lets garbage grow to four times of what lives before it looks for it. Samples come every second and most live for seconds:
// looking at 1.05 times costs some time and halves the memory of a process that stands beside an editor all day.
setFlagsFromString('--heap-growing-percent=5');

const connection = createConnection(ProposedFeatures.all);
const rpc = new Rpc(connection);

connection.onInitialize(async (params): Promise<InitializeResult> => {
  const options = v.parse(InitializationOptions, params.initializationOptions);
  const translate = translator(options.l10n);
  const library = await loadLibrary(options.runbooks);
  for (const [file, problems] of library.problems) {
    for (const problem of problems) connection.console.error(`${file}:${problem.line + 1}: ${problem.message}`);
  }
  const tools = toolsOf(library);
  let { ssh } = options;
  rpc.onNotification(ClientNotifications.sshOptions, (changed) => (ssh = changed));
  const open = async (target: Target, interactive: boolean, signal: AbortSignal): Promise<OpenedTarget> => {
    const asked = targetTitle(target.kind === 'recording' ? target : { ...target, namespace: { kind: 'host' } }, translate);
    const opened = await askingFor(rpc, asked, (asker) =>
      openTarget(target, { asker, storage: options.storage, interactive, tools, signal, ...openSettings(ssh) }),
    );
    if (opened.ssh !== undefined) connection.console.info(`${opened.uri}: ${translate(backendText(opened.ssh.backend))}`);
    return opened;
  };
  const targets = new Targets(rpc, library, translate, open);
  handleTargets(rpc, targets, translate, () => ssh.configFile);
  handleHostKeys(rpc, options.storage);
  const access = new RootAccess(secretAsker(rpc), translate);
  rpc.onNotification(ClientNotifications.forgetPasswords, () => access.forget());
  handleDiagnose(rpc, targets, library, translate, access);
  handleBothEnds(rpc, targets, library, translate);
  const changes = new Changes({
    rpc,
    targets,
    library,
    access,
    translate,
    storage: options.storage,
    open: (uri, signal) => open(targets.get(uri).live.target, true, signal),
    complain: (text) => connection.console.error(text),
  });
  handleChanges(rpc, changes);
  handleRecordings({ rpc, targets, library, translate, changes: (uri) => changes.log.of(uri), product: version });
  handleRunbooks(rpc, targets, library, translate);
  handleTerminals(rpc, targets, translate);
  handleNamespaces(rpc, targets, translate);
  handleLanguage(connection);
  connection.onShutdown(() => {
    changes.dispose();
    return targets.dispose();
  });
  return { capabilities: { textDocumentSync: TextDocumentSyncKind.Full, hoverProvider: true } };
});

/** The settings as the engine takes them. */
function openSettings({ client, configFile, mayRunPrograms }: SshOptions): Partial<OpenOptions> {
  return { sshClient: client, mayRunPrograms, ...(configFile === null ? {} : { sshConfigFile: configFile }) };
}

// An editor that dies says no goodbye: over IPC only the end of the channel tells. Probes end with their input.
process.once('disconnect', () => process.exit(1));

connection.listen();
