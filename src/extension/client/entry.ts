import { env, l10n, workspace, type ExtensionContext, type LogOutputChannel, Uri } from 'vscode';
import {
  type CancellationToken,
  CloseAction,
  ErrorAction,
  ErrorCodes,
  LanguageClient,
  ResponseError,
  RevealOutputChannelOn,
  State,
  TransportKind,
} from 'vscode-languageclient/node';
import { type InitializationOptions, PROTOCOL_VERSION } from '../../protocol/messages.js';
import * as v from 'valibot';
import { RUNBOOK_FILES } from '../ids.js';
import { settings } from '../settings.js';
import { RestartBudget } from './budget.js';
import { SERVER_NODE_ARGS } from './nodeArgs.js';
import type { Link, LinkEvent, Token } from './link.js';
import { untraced } from './untraced.js';

const RESTARTS = 5;
const RESTART_WINDOW_MS = 3 * 60_000;
const STOP_TIMEOUT_MS = 2_000;

/** The client's own message boxes are written for its developers: what they say goes to the log alone. */
class QuietClient extends LanguageClient {
  override error(message: string, data?: unknown): void {
    super.error(message, data, false);
  }
}

/** Says in words that the process went away while it was working on a request. */
function lost(error: unknown): unknown {
  const gone: readonly number[] = [ErrorCodes.PendingResponseRejected, ErrorCodes.ConnectionInactive];
  return error instanceof ResponseError && gone.includes(error.code)
    ? new Error(l10n.t('The Droplens server ended before it answered. Try again; the log says more.'))
    : error;
}

/** The client's token type has a generic event; ours fits it for the one listener it adds. */
function theirs(token: Token): CancellationToken {
  return {
    get isCancellationRequested() {
      return token.isCancellationRequested;
    },
    onCancellationRequested: (listener) => token.onCancellationRequested(() => listener(undefined)),
  };
}

function ours(token: CancellationToken): Token {
  return {
    get isCancellationRequested() {
      return token.isCancellationRequested;
    },
    onCancellationRequested: (listener) => token.onCancellationRequested(() => listener()),
  };
}

async function translations(): Promise<Record<string, string> | null> {
  if (l10n.uri === undefined) return l10n.bundle ?? null;
  const text = new TextDecoder().decode(await workspace.fs.readFile(l10n.uri));
  // A bundle's value may also be an object with comments for translators; the server needs the texts only.
  const parsed = v.safeParse(v.record(v.string(), v.union([v.string(), v.object({ message: v.string() })])), JSON.parse(text));
  if (!parsed.success) return null;
  return Object.fromEntries(
    Object.entries(parsed.output).map(([key, value]) => [key, typeof value === 'string' ? value : value.message]),
  );
}

/** The language client around dist/server.js. `report` is told of starts, crashes and the end of the restart budget. */
export async function createLink(
  context: ExtensionContext,
  log: LogOutputChannel,
  report: (event: LinkEvent) => void,
): Promise<Link> {
  const module = Uri.joinPath(context.extensionUri, 'dist', 'server.js').fsPath;
  const bundle = env.language === 'en' ? null : await translations();
  // Made anew for each start of the process: the settings may have changed since the last one.
  const initializationOptions = (): InitializationOptions => ({
    protocol: PROTOCOL_VERSION,
    runbooks: Uri.joinPath(context.extensionUri, 'media', 'runbooks').fsPath,
    l10n: bundle,
    storage: context.globalStorageUri.fsPath,
    ssh: settings.ssh(),
  });
  const budget = new RestartBudget(RESTARTS, RESTART_WINDOW_MS);
  const gaveUp = l10n.t(
    'The Droplens server ended unexpectedly {0} times within {1} minutes and is not started again by itself. The log says more.',
    RESTARTS + 1,
    RESTART_WINDOW_MS / 60_000,
  );
  const client = new QuietClient(
    'droplens',
    'Droplens',
    {
      run: { module, transport: TransportKind.ipc, options: { execArgv: [...SERVER_NODE_ARGS] } },
      debug: { module, transport: TransportKind.ipc, options: { execArgv: ['--nolazy', '--inspect=6017'] } },
    },
    {
      documentSelector: [...RUNBOOK_FILES],
      initializationOptions,
      outputChannel: log,
      traceOutputChannel: untraced(log.name),
      revealOutputChannelOn: RevealOutputChannelOn.Never,
      // The error reaches the person through `start()`; a second message box would say the same.
      initializationFailedHandler: () => false,
      errorHandler: {
        error: (error, _message, count) => {
          log.warn(`connection: ${error.message}`);
          return { action: (count ?? 0) <= 3 ? ErrorAction.Continue : ErrorAction.Shutdown, handled: true };
        },
        closed: () => {
          if (budget.allows(Date.now())) {
            report({ kind: 'restarting' });
            return { action: CloseAction.Restart, handled: true };
          }
          report({ kind: 'failed', why: gaveUp });
          return { action: CloseAction.DoNotRestart, handled: true };
        },
      },
    },
  );
  client.onDidChangeState(({ newState }) => {
    if (newState === State.Running) report({ kind: 'started' });
    else if (newState === State.StartFailed) {
      report({ kind: 'failed', why: l10n.t('The Droplens server could not be started. The log says more.') });
    }
  });
  return {
    start: () => client.start(),
    request: async (method, params, token) => {
      try {
        if (token === undefined) return await client.sendRequest(method, params);
        return await client.sendRequest(method, params, theirs(token));
      } catch (error) {
        throw lost(error);
      }
    },
    notify: async (method, params) => {
      try {
        await client.sendNotification(method, params);
      } catch (error) {
        throw lost(error);
      }
    },
    onNotification: (method, handler) => void client.onNotification(method, handler),
    onRequest: (method, handler) => {
      client.onRequest(method, (params: unknown, token: CancellationToken) => handler(params, ours(token)));
    },
    stop: () => client.dispose(STOP_TIMEOUT_MS),
  };
}
