/** The words between the extension and the process that does the work, whatever carries them. */
export interface Disposable {
  dispose(): void;
}

/** Cancels a request; VS Code's `CancellationToken` fits. */
export interface Token {
  readonly isCancellationRequested: boolean;
  onCancellationRequested(listener: () => void): Disposable;
}

/** What the client says about its server process. */
export type LinkEvent =
  | { readonly kind: 'started' }
  | { readonly kind: 'restarting' }
  | { readonly kind: 'failed'; readonly why: string }
  | { readonly kind: 'stopped' };

/** What the lazily loaded language client offers: methods by name, nothing typed and nothing checked. */
export interface Link {
  /** Starts the process. Rejects with a sentence when it cannot be started. */
  start(): Promise<void>;
  request(method: string, params: unknown, token: Token | undefined): Promise<unknown>;
  notify(method: string, params: unknown): Promise<void>;
  onNotification(method: string, handler: (params: unknown) => void): void;
  /** The token is cancelled when the other side takes its question back. */
  onRequest(method: string, handler: (params: unknown, token?: Token) => Promise<unknown>): void;
  stop(): Promise<void>;
}

/** Makes a link; events are told through `report`. */
export type MakeLink = (report: (event: LinkEvent) => void) => Promise<Link>;
