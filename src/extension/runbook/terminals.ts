import { EventEmitter, l10n, window, type Disposable, type Pseudoterminal, type Terminal, type TerminalDimensions } from 'vscode';
import { ClientNotifications, Requests, ServerNotifications } from '../../protocol/messages.js';
import { plain, sentence } from '../client/errors.js';
import type { Server } from '../client/server.js';
import type { Targets } from '../targets/targets.js';

const DEFAULT_SIZE: TerminalDimensions = { columns: 80, rows: 24 };
/** What a person may type ahead before the remote shell is there, in characters. */
const TYPE_AHEAD = 16_384;
/** A shell that says nothing of itself is given this long before something is typed, in milliseconds. */
const SHELL_START_MS = 1_500;

/** One VS Code terminal for each target, made when it is first needed. */
export class Terminals implements Disposable {
  readonly #open = new Map<string, { readonly terminal: Terminal; readonly dead: () => boolean }>();
  readonly #closed: Disposable;

  constructor(
    private readonly server: Server,
    private readonly targets: Targets,
  ) {
    this.#closed = window.onDidCloseTerminal((closed) => {
      for (const [target, { terminal }] of this.#open) if (terminal === closed) this.#open.delete(target);
    });
  }

  /** The target's terminal, shown. Rejects with a sentence. */
  async show(target: string): Promise<Terminal> {
    let held = this.#open.get(target);
    if (held === undefined || held.dead()) {
      await this.targets.ensure(target, true);
      held = await this.#create(target);
      this.#open.set(target, held);
    }
    held.terminal.show();
    return held.terminal;
  }

  /** Types one line into the target's terminal, without Enter. Rejects with a sentence. */
  async type(target: string, line: string): Promise<void> {
    const before = this.#open.get(target)?.terminal;
    const terminal = await this.show(target);
    // What comes before the prompt is shown twice: once by the terminal's echo, once by the shell's line editor.
    if (terminal !== before && !isRemote(terminal)) await shellStarted(terminal);
    terminal.sendText(line, false);
  }

  dispose(): void {
    this.#closed.dispose();
  }

  async #create(target: string): Promise<{ terminal: Terminal; dead: () => boolean }> {
    const name = l10n.t('Droplens: {0}', plain(this.targets.label(target)));
    const command = await this.server.request(Requests.terminalCommand, { target });
    if (command.kind === 'remote') {
      const pty = new RemoteTerminal(this.server, target);
      return { terminal: window.createTerminal({ name, pty, isTransient: true }), dead: () => pty.over };
    }
    const [shellPath, ...shellArgs] = command.argv;
    const terminal = window.createTerminal({
      name,
      // A restored one would not be known here, and the next click would open a second beside it.
      isTransient: true,
      ...(shellPath === undefined ? {} : { shellPath, shellArgs }),
    });
    return { terminal, dead: () => terminal.exitStatus !== undefined };
  }
}

const isRemote = (terminal: Terminal): boolean => 'pty' in terminal.creationOptions;

/** Resolves when the shell has told VS Code that it is there, has ended, or has been given its time. */
async function shellStarted(terminal: Terminal): Promise<void> {
  if (terminal.shellIntegration !== undefined) return;
  const listeners: Disposable[] = [];
  let timer: NodeJS.Timeout | undefined;
  await new Promise<void>((resolve) => {
    timer = setTimeout(resolve, SHELL_START_MS);
    listeners.push(
      window.onDidChangeTerminalShellIntegration((event) => event.terminal === terminal && resolve()),
      window.onDidCloseTerminal((closed) => closed === terminal && resolve()),
    );
  });
  clearTimeout(timer);
  for (const listener of listeners) listener.dispose();
}

/** A shell on an SSH target, carried by the connection that the server already has. */
class RemoteTerminal implements Pseudoterminal {
  readonly #write = new EventEmitter<string>();
  readonly #close = new EventEmitter<number | void>();
  readonly #listeners: Disposable[] = [];
  readonly onDidWrite = this.#write.event;
  readonly onDidClose = this.#close.event;
  #id: string | undefined;
  #size: TerminalDimensions = DEFAULT_SIZE;
  #early: { readonly terminal: string; readonly data: string }[] = [];
  #typed = '';
  #over = false;
  #spoke = false;

  constructor(
    private readonly server: Server,
    private readonly target: string,
  ) {}

  open(size: TerminalDimensions | undefined): void {
    this.#size = size ?? DEFAULT_SIZE;
    this.#listeners.push(
      this.server.onNotification(ServerNotifications.terminalData, (message) => {
        // The shell may speak before the answer that says which terminal it is.
        if (this.#id === undefined) this.#early.push(message);
        else if (message.terminal === this.#id) this.#show(message.data);
      }),
      this.server.onNotification(ServerNotifications.terminalExit, ({ terminal, exit }) => {
        if (terminal === this.#id) this.#end(exit ?? undefined);
      }),
      this.server.onState(({ kind }) => {
        if (kind !== 'running') this.#fail(l10n.t('The Droplens server ended, and this terminal with it.'));
      }),
    );
    void this.#start();
  }

  /** Nothing comes or goes any more. */
  get over(): boolean {
    return this.#over;
  }

  handleInput(data: string): void {
    if (this.#over) this.#close.fire();
    else if (this.#id !== undefined && this.#spoke) this.#send(this.server.notify(ClientNotifications.terminalInput, { terminal: this.#id, data }));
    else this.#typed = (this.#typed + data).slice(0, TYPE_AHEAD);
  }

  setDimensions(size: TerminalDimensions): void {
    this.#size = size;
    if (this.#id !== undefined) this.#send(this.server.notify(ClientNotifications.terminalResize, { terminal: this.#id, ...dimensions(size) }));
  }

  close(): void {
    const id = this.#id;
    this.#stop();
    if (id !== undefined) this.#send(this.server.notify(ClientNotifications.terminalClose, { terminal: id }));
  }

  async #start(): Promise<void> {
    const asked = this.#size;
    try {
      const { terminal } = await this.server.request(Requests.openTerminal, { target: this.target, ...dimensions(asked) });
      if (this.#over) {
        this.#send(this.server.notify(ClientNotifications.terminalClose, { terminal }));
        return;
      }
      this.#id = terminal;
      for (const early of this.#early) if (early.terminal === terminal) this.#show(early.data);
      this.#early = [];
      if (this.#size !== asked) this.setDimensions(this.#size);
    } catch (error) {
      this.#fail(sentence(error));
    }
  }

  /** What was typed ahead follows the shell's first words: before them it would be echoed twice. */
  #show(data: string): void {
    this.#write.fire(data);
    this.#spoke = true;
    const typed = this.#typed;
    this.#typed = '';
    if (typed !== '') this.handleInput(typed);
  }

  #send(sent: Promise<void>): void {
    sent.catch((error: unknown) => this.#fail(sentence(error)));
  }

  #fail(why: string): void {
    if (this.#over) return;
    this.#write.fire(`\r\n${why}\r\n`);
    this.#stop();
  }

  #end(exit: number | undefined): void {
    if (this.#over) return;
    this.#stop();
    this.#close.fire(exit);
  }

  /** Ends the traffic; after a failure the window stays, so that its reason can be read. */
  #stop(): void {
    this.#over = true;
    this.#id = undefined;
    for (const listener of this.#listeners) listener.dispose();
    this.#listeners.length = 0;
  }
}

const dimensions = ({ columns, rows }: TerminalDimensions): { columns: number; rows: number } => ({ columns, rows });
