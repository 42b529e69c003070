import * as v from 'valibot';
import { createConnection, ProposedFeatures, TextDocumentSyncKind, type InitializeResult } from 'vscode-languageserver/node';
import { loadLibrary } from '../engine/library.js';
import { openTarget } from '../engine/open.js';
import { toolsOf } from '../engine/tools.js';
import { InitializationOptions, ServerRequests } from '../protocol/messages.js';
import { handleDiagnose } from './handlers/diagnose.js';
import { handleLanguage } from './handlers/language.js';
import { handleRunbooks } from './handlers/runbook.js';
import { handleTargets } from './handlers/targets.js';
import { handleTerminals } from './handlers/terminal.js';
import { Rpc } from './rpc.js';
import { Targets } from './targets.js';
import { translator } from './translate.js';

const connection = createConnection(ProposedFeatures.all);
const rpc = new Rpc(connection);

connection.onInitialize(async (params): Promise<InitializeResult> => {
  const options = v.parse(InitializationOptions, params.initializationOptions);
  const translate = translator(options.l10n);
  const library = await loadLibrary(options.runbooks);
  for (const [file, problems] of library.problems) {
    for (const problem of problems) connection.console.error(`${file}:${problem.line + 1}: ${problem.message}`);
  }
  const asker = {
    hostKey: async (question: { host: string; keyType: string; fingerprint: string; hop: string | null }) => {
      const { host, keyType, fingerprint, hop } = question;
      return (await rpc.request(ServerRequests.askHostKey, { host, keyType, fingerprint, hop })).trust;
    },
    secret: async ({ host, prompt, echo }: { host: string; prompt: string; echo: boolean }) =>
      (await rpc.request(ServerRequests.askSecret, { host, prompt, echo })).value ?? undefined,
  };
  const tools = toolsOf(library);
  const targets = new Targets(rpc, library, translate, (target, interactive, signal) =>
    openTarget(target, { asker, storage: options.storage, interactive, tools, signal }),
  );
  handleTargets(rpc, targets, translate);
  handleDiagnose(rpc, targets, library, translate);
  handleRunbooks(rpc, targets, library, translate);
  handleTerminals(rpc, targets, translate);
  handleLanguage(connection);
  connection.onShutdown(() => targets.dispose());
  return { capabilities: { textDocumentSync: TextDocumentSyncKind.Full, hoverProvider: true } };
});

connection.listen();
