import * as v from 'valibot';
import { CancellationTokenSource, ErrorCodes, ResponseError, type CancellationToken, type Connection } from 'vscode-languageserver/node';
import type { NotificationSpec, RequestSpec } from '../protocol/messages.js';

/** A failure that is told to the person as it is: a sentence, and what to do. */
export class UserError extends Error {
  override readonly name = 'UserError';
  constructor(
    message: string,
    readonly how: string | undefined,
  ) {
    super(message);
  }
}

/** Typed messages over the language server's connection; whatever comes in is checked before anyone sees it. */
export class Rpc {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Answers a request. A {@link UserError} becomes an error response with its sentence and `data.how`. */
  handle<P extends v.GenericSchema, R extends v.GenericSchema>(
    spec: RequestSpec<P, R>,
    handler: (params: v.InferOutput<P>, signal: AbortSignal) => Promise<v.InferInput<R>> | v.InferInput<R>,
  ): void {
    this.#connection.onRequest(spec.method, async (raw: unknown, token: CancellationToken) => {
      const params = v.safeParse(spec.params, raw);
      if (!params.success) return new ResponseError(ErrorCodes.InvalidParams, `${spec.method}: the request has another shape.`);
      const abort = new AbortController();
      const cancelled = token.onCancellationRequested(() => abort.abort());
      // A token that was cancelled before tells its listeners only later.
      if (token.isCancellationRequested) abort.abort();
      try {
        return await handler(params.output, abort.signal);
      } catch (error) {
        if (abort.signal.aborted) return new ResponseError(-32800, 'cancelled');
        if (error instanceof UserError) return new ResponseError(ErrorCodes.InternalError, error.message, { how: error.how ?? null });
        this.#connection.console.error(error instanceof Error ? (error.stack ?? error.message) : String(error));
        return new ResponseError(ErrorCodes.InternalError, error instanceof Error ? error.message : String(error));
      } finally {
        cancelled.dispose();
      }
    });
  }

  onNotification<P extends v.GenericSchema>(spec: NotificationSpec<P>, handler: (params: v.InferOutput<P>) => void): void {
    this.#connection.onNotification(spec.method, (raw: unknown) => {
      const params = v.safeParse(spec.params, raw);
      if (params.success) handler(params.output);
      else this.#connection.console.warn(`${spec.method}: dropped, it has another shape.`);
    });
  }

  /** Tells the extension. When it is gone there is nobody to tell, and this process is about to end too. */
  notify<P extends v.GenericSchema>(spec: NotificationSpec<P>, params: v.InferInput<P>): void {
    const send = async (): Promise<void> => this.#connection.sendNotification(spec.method, params);
    send().catch(() => undefined);
  }

  /** Asks the extension; its answer is checked too. When `signal` fires, the question is taken back: what shows it goes. */
  async request<P extends v.GenericSchema, R extends v.GenericSchema>(
    spec: RequestSpec<P, R>,
    params: v.InferInput<P>,
    signal?: AbortSignal,
  ): Promise<v.InferOutput<R>> {
    const source = new CancellationTokenSource();
    const takeBack = (): void => source.cancel();
    signal?.addEventListener('abort', takeBack);
    try {
      signal?.throwIfAborted();
      const answer: unknown = await this.#connection.sendRequest(spec.method, params, source.token);
      return v.parse(spec.result, answer);
    } finally {
      signal?.removeEventListener('abort', takeBack);
      source.dispose();
    }
  }
}
