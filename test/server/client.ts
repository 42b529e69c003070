import { spawn, type ChildProcess } from 'node:child_process';
import { createMessageConnection, StreamMessageReader, StreamMessageWriter, type MessageConnection } from 'vscode-languageserver/node';

/** A server over stdio, as any other editor would start it. */
export interface TestServer {
  readonly rpc: MessageConnection;
  readonly process: ChildProcess;
  /** Notifications of this method, oldest first. */
  received(method: string): readonly unknown[];
  /** Waits for a notification that fits. Fails after `seconds`. */
  until<T>(method: string, fits: (params: T) => boolean, seconds?: number): Promise<T>;
  stop(): Promise<void>;
}

export async function startServer(file: string, options: { runbooks: string; storage: string }): Promise<TestServer> {
  const child = spawn(process.execPath, [file, '--stdio'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const rpc = createMessageConnection(new StreamMessageReader(child.stdout), new StreamMessageWriter(child.stdin));
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
    initializationOptions: { protocol: 1, l10n: null, ...options },
  });
  await rpc.sendNotification('initialized', {});
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  return {
    rpc,
    process: child,
    received: (method) => notifications.filter((entry) => entry.method === method).map((entry) => entry.params),
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
