/** A way to start programs on a target. Runners differ (local processes, an SSH connection, a recording); callers do not. */
export interface Transport {
  /** Starts `argv` with all three streams connected. Rejects with a {@link TransportError} when it cannot be started. */
  spawn(argv: readonly string[], signal?: AbortSignal): Promise<RemoteProcess>;
  /** Resolves when the connection is lost for a reason other than `dispose`; never for a local target. */
  readonly lost: Promise<TransportError>;
  /** Ends everything that was started and closes the connection. */
  dispose(): Promise<void>;
}

/** A started program. Output arrives as bytes; nothing is buffered here, so a caller that stops reading slows the program. */
export interface RemoteProcess {
  readonly stdout: AsyncIterable<Uint8Array>;
  readonly stderr: AsyncIterable<Uint8Array>;
  /** Writes to the program's input; resolves when it was taken. */
  write(data: string): Promise<void>;
  /** Closes the program's input. */
  end(): void;
  /** Ends the program and what it started. Safe to call at any time, any number of times. */
  kill(): void;
  /** Exit status, `null` when a signal or a lost connection ended it. Resolves after both streams have ended. */
  readonly exit: Promise<number | null>;
}

/** Why a target cannot be reached, in a form that a person can act on. */
export class TransportError extends Error {
  override readonly name = 'TransportError';

  /** By name: the server and its SSH part are bundles of their own, and each has a copy of this class. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return value instanceof Error && value.name === 'TransportError';
  }

  constructor(
    /** Machine-readable reason, so that a caller can decide whether trying again makes sense. */
    readonly reason:
      | 'unreachable'
      | 'host-key-unknown'
      | 'host-key-changed'
      | 'host-key-refused'
      | 'authentication'
      | 'cancelled'
      | 'timeout'
      | 'lost'
      | 'garbled'
      | 'unsupported'
      | 'not-permitted',
    message: string,
    /** What to do about it. */
    readonly how?: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
