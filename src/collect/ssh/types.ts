import type { Transport } from '../transport.js';
import type { ConfigFiles } from './config/configFiles.js';
import type { HostKeyStore } from './hostKeyStore.js';

/** The questions that a person answers while a connection is made. Nothing is asked when it is not interactive. */
export interface SshAsker {
  /** An unknown host key. Only `true` connects. */
  hostKey(question: HostKeyQuestion): Promise<boolean>;
  /** A password, passphrase or keyboard-interactive answer; `undefined` = the person cancelled. */
  secret(question: SecretQuestion): Promise<string | undefined>;
  /**
   * Tells what the answer to a question was worth, as soon as that is known: the key opened, the server took the password.
   * An asker that keeps no secrets need not know.
   */
  proved?(question: SecretQuestion, right: boolean): void;
}

export interface HostKeyQuestion {
  /** As OpenSSH records it: `name` or `[name]:port`. */
  readonly host: string;
  /** As OpenSSH names it, e.g. `ssh-ed25519`. */
  readonly keyType: string;
  /** `SHA256:` and base64 without padding. */
  readonly fingerprint: string;
  /** The jump host that this key belongs to, `null` for the target itself. */
  readonly hop: string | null;
  /** Key types that are on record for this host: when there are any, a key of another type is suspicious. */
  readonly alreadyKnown: readonly string[];
}

export interface SecretQuestion {
  /** `user@host`. */
  readonly host: string;
  /** Plain text on one line; may come from the server, with control characters removed. */
  readonly prompt: string;
  /** Whether what is typed may be shown. */
  readonly echo: boolean;
  readonly about: SecretSubject;
  /** How many answers to this question were wrong in this connection: a kept secret answers only the first time. */
  readonly wrong: number;
  /** Whether a person can be asked. If not, only a kept secret answers; without one the answer is `undefined`. */
  readonly interactive: boolean;
}

/** What a secret opens. It says under which name the secret may be kept, if a person wants it kept. */
export type SecretSubject =
  /** The passphrase of a key file; `fingerprint` of its public half as `SHA256:…`, where the file shows it. */
  | { readonly kind: 'passphrase'; readonly file: string; readonly fingerprint: string | undefined }
  /** A password for `user@host` at the machine that proved itself with this host key (`SHA256:…`). */
  | { readonly kind: 'password'; readonly hostKey: string }
  /** A question of the server (keyboard-interactive): a code is used once, so its answer is never kept. */
  | { readonly kind: 'question' };

/** Which program makes the connection; `auto`: ssh2, and the system's `ssh` where ssh2 cannot do what is configured. */
export type SshClientChoice = 'auto' | 'ssh2' | 'system';

/** Which program made a connection, and for the system's `ssh` why it was chosen (a sentence for people). */
export type SshBackend = { readonly client: 'ssh2' } | { readonly client: 'system'; readonly why: string };

/** What a connection uses of the machine that it starts from. */
export interface SshMachine {
  readonly home: string;
  /** Name of the local user: the remote user when nothing else says, and `%u`. */
  readonly userName: string;
  readonly env: ReadonlyMap<string, string>;
  /** Where ssh-agent listens: SSH_AUTH_SOCK, or the named pipe of the Windows agent. */
  readonly agentSocket: string | undefined;
  readonly files: ConfigFiles;
  /** The configuration file to use instead of the usual ones, as `ssh -F` does; `undefined` for the usual ones. */
  readonly configFile: string | undefined;
  /** The system's `ssh` program (`ssh` is looked up in PATH); `undefined` where it must not be used. */
  readonly sshProgram: string | undefined;
}

/** A connection to make. */
export interface SshRequest {
  /** Host name, address, or an alias of the ssh configuration. */
  readonly host: string;
  /** Outranks the configuration, as `ssh user@host` does. */
  readonly user?: string;
  /** Outranks the configuration, as `ssh -p` does. */
  readonly port?: number;
  readonly asker: SshAsker;
  /** Whether a person started this and can be asked; a reconnect in the background is not interactive. */
  readonly interactive: boolean;
  readonly client: SshClientChoice;
  /**
   * Whether programs that the configuration names (`Match exec`, `ProxyCommand`, `KnownHostsCommand`) may be run: the
   * workspace is trusted, and a person chose this host.
   */
  readonly mayRunPrograms: boolean;
  readonly machine: SshMachine;
  readonly ownStore: HostKeyStore;
  readonly signal?: AbortSignal;
}

/** A {@link Transport} over one SSH connection. */
export interface SshTransport extends Transport {
  readonly backend: SshBackend;
  /** Opens the user's login shell on a pseudo-terminal. */
  openTerminal(size: TerminalSize): Promise<SshTerminal>;
}

export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/** An interactive shell on the host. */
export interface SshTerminal {
  /** Everything that the shell prints, in order; only one listener, and what came before it is not lost. */
  onData(listener: (text: string) => void): void;
  write(text: string): void;
  resize(size: TerminalSize): void;
  close(): void;
  /** Exit status, `null` when a signal, `close` or a lost connection ended it. */
  readonly exit: Promise<number | null>;
}
