import { spawn, type ChildProcess } from 'node:child_process';
import {
  createMessageConnection,
  IPCMessageReader,
  IPCMessageWriter,
  StreamMessageReader,
  StreamMessageWriter,
  type MessageConnection,
} from 'vscode-languageserver/node';

/** How a server is started. */
export interface ServerOptions {
  readonly runbooks: string;
  readonly storage: string;
  /** The server's environment; that of this process unless given. */
  readonly env?: NodeJS.ProcessEnv;
  /** `stdio`, as any other editor would, unless given; `ipc` as VS Code does. */
  readonly channel?: 'stdio' | 'ipc';
  /** Arguments of Node, before the server's file. */
  readonly nodeArgs?: readonly string[];
  /** Arguments that come before Node: the way into a namespace. */
  readonly within?: readonly string[];
  /** What it writes to stderr shows up in the test's unless it is to be read. */
  readonly stderr?: 'inherit' | 'pipe';
}

/** A server of its own process. */
export interface TestServer {
  readonly rpc: MessageConnection;
  readonly process: ChildProcess;
  /** Notifications of this method, oldest first. */
  received(method: string): readonly unknown[];
  /** All notifications, oldest first. */
  everything(): readonly unknown[];
  /** Waits for a notification that fits. Fails after `seconds`. */
  until<T>(method: string, fits: (params: T) => boolean, seconds?: number): Promise<T>;
  stop(): Promise<void>;
}

export async function startServer(file: string, { runbooks, storage, env, channel = 'stdio', nodeArgs = [], within = [], stderr = 'inherit' }: ServerOptions): Promise<TestServer> {
  const over = channel === 'ipc' ? '--node-ipc' : '--stdio';
  const [program = process.execPath, ...args] = [...within, process.execPath, ...nodeArgs, file, over];
  const child = spawn(program, args, {
    stdio: channel === 'ipc' ? ['ignore', 'ignore', stderr, 'ipc'] : ['pipe', 'pipe', stderr],
    ...(env === undefined ? {} : { env }),
  });
  const rpc = connectionTo(child);
  const notifications: { method: string; params: unknown }[] = [];
  const waiting = new Set<() => void>();
  rpc.onNotification((method, params) => {
    notifications.push({ method, params });
    for (const wake of [...waiting]) wake();
  });
  rpc.listen();
  await rpc.sendRequest('initialize', {
    processId: process.pid,
    rootUri: null,
    capabilities: {},
    initializationOptions: { protocol: 1, l10n: null, runbooks, storage },
  });
  await rpc.sendNotification('initialized', {});
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  return {
    rpc,
    process: child,
    received: (method) => notifications.filter((entry) => entry.method === method).map((entry) => entry.params),
    everything: () => notifications,
    until: <T>(method: string, fits: (params: T) => boolean, seconds = 15) =>
      new Promise<T>((resolve, reject) => {
        const look = (): void => {
          const found = notifications.find((entry) => entry.method === method && fits(entry.params as T));
          if (found === undefined) return;
          waiting.delete(look);
          clearTimeout(late);
          resolve(found.params as T);
        };
        const late = setTimeout(() => {
          waiting.delete(look);
          reject(new Error(`no ${method} that fits within ${seconds} s`));
        }, seconds * 1000);
        waiting.add(look);
        look();
      }),
    async stop() {
      await rpc.sendRequest('shutdown');
      await rpc.sendNotification('exit');
      await exited;
      rpc.dispose();
    },
  };
}

function connectionTo(child: ChildProcess): MessageConnection {
  return child.stdout && child.stdin
    ? createMessageConnection(new StreamMessageReader(child.stdout), new StreamMessageWriter(child.stdin))
    : createMessageConnection(new IPCMessageReader(child), new IPCMessageWriter(child));
}
