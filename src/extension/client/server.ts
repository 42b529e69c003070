import * as v from 'valibot';
import { ServerNotifications, ServerRequests, type NotificationSpec, type RequestSpec } from '../../protocol/messages.js';
import type { Disposable, Link, LinkEvent, MakeLink, Token } from './link.js';

export type ServerState =
  | { readonly kind: 'idle' }
  | { readonly kind: 'starting' }
  | { readonly kind: 'running' }
  | { readonly kind: 'restarting' }
  | { readonly kind: 'failed'; readonly why: string };

type Handler = (params: unknown) => void;
type Answerer = (params: unknown, token: Token | undefined) => Promise<unknown>;

/** A message that does not fit its schema: the two sides disagree, which only a defect can cause. */
export class ProtocolError extends Error {}

const describe = (method: string, issues: readonly v.BaseIssue<unknown>[]): string => {
  const first = issues[0];
  return first === undefined ? method : `${method}: ${v.getDotPath(first) ?? ''} ${first.message}`;
};

function parse<S extends v.GenericSchema>(method: string, schema: S, value: unknown): v.InferOutput<S> {
  const result = v.safeParse(schema, value);
  if (!result.success) throw new ProtocolError(describe(method, result.issues));
  return result.output;
}

/**
 * The server as the rest of the extension sees it: typed requests, validated on the way out and in. The process is
 * started by the first request. Handlers may be registered before that; they stay across restarts.
 */
export class Server {
  #state: ServerState = { kind: 'idle' };
  #link: Promise<Link> | undefined;
  readonly #make: MakeLink;
  readonly #log: (problem: string) => void;
  readonly #handlers = new Map<string, Set<Handler>>();
  readonly #answerers = new Map<string, Answerer>();
  readonly #watchers = new Set<(state: ServerState) => void>();

  /** `log` is told of messages that were dropped because they did not fit. */
  constructor(make: MakeLink, log: (problem: string) => void) {
    this.#make = make;
    this.#log = log;
  }

  get state(): ServerState {
    return this.#state;
  }

  /** `running` is told after every (re)start, when earlier subscriptions of the process are gone. */
  onState(watcher: (state: ServerState) => void): Disposable {
    this.#watchers.add(watcher);
    return { dispose: () => this.#watchers.delete(watcher) };
  }

  onNotification<P extends v.GenericSchema>(
    spec: NotificationSpec<P>,
    handler: (params: v.InferOutput<P>) => void,
  ): Disposable {
    const handlers = this.#handlers.get(spec.method) ?? new Set<Handler>();
    this.#handlers.set(spec.method, handlers);
    const checked: Handler = (params) => handler(parse(spec.method, spec.params, params));
    handlers.add(checked);
    return { dispose: () => handlers.delete(checked) };
  }

  /** One handler per request; a later one takes its place. */
  onRequest<P extends v.GenericSchema, R extends v.GenericSchema>(
    spec: RequestSpec<P, R>,
    handler: (params: v.InferOutput<P>, token: Token | undefined) => Promise<v.InferInput<R>>,
  ): void {
    this.#answerers.set(spec.method, async (params, token) =>
      parse(spec.method, spec.result, await handler(parse(spec.method, spec.params, params), token)),
    );
  }

  /** Rejects with the server's sentence, or with `ProtocolError`. Cancelling rejects too: see `isCancelled`. */
  async request<P extends v.GenericSchema, R extends v.GenericSchema>(
    spec: RequestSpec<P, R>,
    params: v.InferInput<P>,
    token?: Token,
  ): Promise<v.InferOutput<R>> {
    const checked = parse(spec.method, spec.params, params);
    const link = await this.#started();
    return parse(spec.method, spec.result, await link.request(spec.method, checked, token));
  }

  async notify<P extends v.GenericSchema>(spec: NotificationSpec<P>, params: v.InferInput<P>): Promise<void> {
    const checked = parse(spec.method, spec.params, params);
    await (await this.#started()).notify(spec.method, checked);
  }

  /** Starts the process again after it failed, or ends it and starts anew. */
  async restart(): Promise<void> {
    await this.stop();
    await this.#started();
  }

  async stop(): Promise<void> {
    const link = this.#link;
    this.#link = undefined;
    if (link === undefined) return;
    try {
      await (await link).stop();
    } catch (error) {
      this.#log(`stop: ${error instanceof Error ? error.message : String(error)}`);
    }
    this.#become({ kind: 'idle' });
  }

  #started(): Promise<Link> {
    if (this.#state.kind === 'failed' && this.#link !== undefined) return Promise.reject(new Error(this.#state.why));
    this.#link ??= this.#start();
    return this.#link;
  }

  async #start(): Promise<Link> {
    this.#become({ kind: 'starting' });
    try {
      const link = await this.#make((event) => this.#follow(event));
      for (const { method } of Object.values(ServerNotifications)) {
        link.onNotification(method, (params) => this.#tell(method, params));
      }
      for (const { method } of Object.values(ServerRequests)) {
        link.onRequest(method, (params, token) => this.#answer(method, params, token));
      }
      await link.start();
      return link;
    } catch (error) {
      this.#become({ kind: 'failed', why: error instanceof Error ? error.message : String(error) });
      throw error;
    }
  }

  #follow(event: LinkEvent): void {
    if (event.kind === 'started') this.#become({ kind: 'running' });
    else if (event.kind === 'stopped') this.#become({ kind: 'idle' });
    else this.#become(event);
  }

  #become(state: ServerState): void {
    this.#state = state;
    for (const watcher of [...this.#watchers]) watcher(state);
  }

  #tell(method: string, params: unknown): void {
    for (const handler of this.#handlers.get(method) ?? []) {
      try {
        handler(params);
      } catch (error) {
        this.#log(error instanceof Error ? error.message : String(error));
      }
    }
  }

  async #answer(method: string, params: unknown, token: Token | undefined): Promise<unknown> {
    const answerer = this.#answerers.get(method);
    if (answerer === undefined) throw new ProtocolError(`${method}: nobody answers`);
    return await answerer(params, token);
  }
}
