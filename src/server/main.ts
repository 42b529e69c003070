import * as v from 'valibot';
import { createConnection, ProposedFeatures, TextDocumentSyncKind, type InitializeResult } from 'vscode-languageserver/node';
import type { SshAsker } from '../collect/ssh/types.js';
import type { Target } from '../collect/target.js';
import { loadLibrary } from '../engine/library.js';
import { openTarget } from '../engine/open.js';
import { toolsOf } from '../engine/tools.js';
import { InitializationOptions, ServerRequests } from '../protocol/messages.js';
import { handleDiagnose } from './handlers/diagnose.js';
import { handleLanguage } from './handlers/language.js';
import { handleRunbooks } from './handlers/runbook.js';
import { handleTargets } from './handlers/targets.js';
import { handleTerminals } from './handlers/terminal.js';
import { RootAccess } from './rootAccess.js';
import { Rpc } from './rpc.js';
import { Targets } from './targets.js';
import { translator } from './translate.js';
import { targetTitle } from './view/title.js';

const connection = createConnection(ProposedFeatures.all);
const rpc = new Rpc(connection);

connection.onInitialize(async (params): Promise<InitializeResult> => {
  const options = v.parse(InitializationOptions, params.initializationOptions);
  const translate = translator(options.l10n);
  const library = await loadLibrary(options.runbooks);
  for (const [file, problems] of library.problems) {
    for (const problem of problems) connection.console.error(`${file}:${problem.line + 1}: ${problem.message}`);
  }
  const askerFor = (target: Target): SshAsker => ({
    hostKey: async ({ host, keyType, fingerprint, hop, alreadyKnown }) => {
      const asked = targetTitle({ ...target, namespace: { kind: 'host' } }, translate);
      const question = { asked, host, keyType, fingerprint, hop, alreadyKnown: [...alreadyKnown] };
      return (await rpc.request(ServerRequests.askHostKey, question)).trust;
    },
    secret: async ({ host, prompt, echo }) =>
      (await rpc.request(ServerRequests.askSecret, { host, prompt, echo })).value ?? undefined,
  });
  const tools = toolsOf(library);
  const targets = new Targets(rpc, library, translate, (target, interactive, signal) =>
    openTarget(target, { asker: askerFor(target), storage: options.storage, interactive, tools, signal }),
  );
  handleTargets(rpc, targets, translate);
  const access = new RootAccess(async (question) => (await rpc.request(ServerRequests.askSecret, question)).value ?? undefined, translate);
  handleDiagnose(rpc, targets, library, translate, access);
  handleRunbooks(rpc, targets, library, translate);
  handleTerminals(rpc, targets, translate);
  handleLanguage(connection);
  connection.onShutdown(() => targets.dispose());
  return { capabilities: { textDocumentSync: TextDocumentSyncKind.Full, hoverProvider: true } };
});

// An editor that dies says no goodbye: over IPC only the end of the channel tells. Probes end with their input.
process.once('disconnect', () => process.exit(1));

connection.listen();
