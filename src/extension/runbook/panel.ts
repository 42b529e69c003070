import { randomBytes } from 'node:crypto';
import { commands, type Disposable, env, l10n, Uri, window, type WebviewPanel } from 'vscode';
import * as v from 'valibot';
import type { BothEndsVerdict } from '../../protocol/bothEnds.js';
import type { DiagnosisReport } from '../../protocol/diagnosis.js';
import type { Kept, KeptReports } from '../diagnose/kept.js';
import { Requests, ServerNotifications } from '../../protocol/messages.js';
import type { RunbookDocument, RunResult } from '../../protocol/runbook.js';
import { FromWebview, type ToWebview } from '../../protocol/webview.js';
import type { Layer } from '../../core/layers.js';
import { applyFix } from '../changes/apply.js';
import { persistChange, type Previews } from '../changes/persist.js';
import type { ChangeNow, ChangeStates } from '../changes/states.js';
import { plain, sentence } from '../client/errors.js';
import { COMMANDS, GUIDE } from '../ids.js';
import { serverText, targetText } from '../tree/texts.js';
import { shell } from './html.js';
import { findCommand, findStep, isRunbookId, StepStates } from './lookup.js';
import { pageStrings } from './strings.js';
import { Runner, type Chosen, type RunnerParts } from './runner.js';

export interface PanelParts extends RunnerParts {
  readonly extension: Uri;
  readonly reports: KeptReports;
  readonly changes: ChangeStates;
  readonly previews: Previews;
  readonly log: (problem: string) => void;
  readonly reveal: (target: string, layer: Layer) => void;
  readonly open: (target: string, runbook: string) => void;
}

/**
 * One runbook for one target. The page is thrown away while its tab is hidden: everything it shows is held here and
 * sent again when it says that it is ready.
 */
export class RunbookPanel implements Disposable {
  readonly #states = new StepStates();
  readonly #results = new Map<string, RunResult>();
  readonly #runner: Runner;
  readonly #disposables: Disposable[] = [];
  #document: RunbookDocument | undefined;
  #host: string;
  #report: (Kept & { readonly earlier: boolean }) | undefined;
  /** What is wrong with the runbook or the server, and what with the connection to the host. */
  #trouble: string | null = null;
  #connection: string | null = null;
  #told: string | null = null;
  #goto: { readonly step: string | null } | undefined;
  #ready = false;
  #stale = false;
  #disposed = false;

  constructor(
    private readonly parts: PanelParts,
    private readonly panel: WebviewPanel,
    readonly target: string,
    readonly runbook: string,
    disposed: () => void,
  ) {
    this.#runner = new Runner(parts);
    this.#host = parts.targets.label(target);
    // A cause's page has no verdict of the whole host.
    const kept = runbook === GUIDE ? parts.reports.of(target) : undefined;
    if (kept !== undefined) this.#report = { ...kept, earlier: true };
    const { webview } = panel;
    const asset = (...path: string[]): string => webview.asWebviewUri(Uri.joinPath(parts.extension, ...path)).toString();
    webview.options = {
      enableScripts: true,
      enableForms: false,
      enableCommandUris: false,
      localResourceRoots: [Uri.joinPath(parts.extension, 'dist'), Uri.joinPath(parts.extension, 'media')],
    };
    this.#disposables.push(
      webview.onDidReceiveMessage((message: unknown) => this.#receive(message)),
      panel.onDidChangeViewState(() => this.#watch()),
      panel.onDidDispose(() => {
        this.dispose();
        disposed();
      }),
      parts.server.onNotification(ServerNotifications.runbook, (update) => {
        if (update.target !== target || update.runbook !== runbook) return;
        this.#host = this.#name(update.host);
        this.#states.merge(update.steps);
        this.#post({ type: 'state', steps: update.steps });
      }),
      parts.changes.onDidChange((state) => {
        if (state.target === target && state.runbook === runbook) this.#postChange(parts.changes.timed(state));
      }),
      parts.server.onNotification(ServerNotifications.tree, ({ target: of, state }) => {
        if (of !== target) return;
        this.#connection = targetText(plain(parts.targets.label(target)), state) ?? null;
        this.#tell();
      }),
      parts.server.onState((state) => {
        if (state.kind === 'running' && this.#stale) void this.load();
        else if (state.kind !== 'running' && state.kind !== 'starting') {
          this.#stale = true;
          this.#trouble = serverText(state) ?? null;
          this.#tell();
        }
      }),
    );
    panel.iconPath = Uri.joinPath(parts.extension, 'media', 'panel.svg');
    webview.html = shell({
      nonce: randomBytes(16).toString('base64'),
      cspSource: webview.cspSource,
      script: asset('dist', 'webview.js'),
      style: asset('media', 'runbook.css'),
      language: env.language,
      title: panel.title,
    });
  }

  /** Gets the document and its live state; what hinders that is said in the page. */
  async load(): Promise<void> {
    const { server, targets } = this.parts;
    this.#stale = false;
    this.#trouble = null;
    this.#connection = null;
    try {
      await targets.ensure(this.target, false);
    } catch (error) {
      this.#connection = l10n.t('Not connected to {0}: {1}', plain(targets.label(this.target)), sentence(error));
    }
    try {
      const document = await server.request(Requests.openRunbook, { target: this.target, runbook: this.runbook });
      if (this.#document?.hash !== document.hash) this.#states.clear();
      this.#document = document;
      const connection = targets.connection(this.target);
      this.#host = connection.kind === 'connected' ? this.#name(connection.host.name) : targets.label(this.target);
      this.panel.title = `${document.title} · ${plain(targets.label(this.target))}`;
      this.#post({ type: 'document', document, host: this.#host });
      this.#post({ type: 'state', steps: this.#states.all() });
      this.#postChanges();
      this.#postGoto();
      this.#watch();
    } catch (error) {
      this.#trouble = l10n.t('The runbook could not be opened: {0}', sentence(error));
    }
    this.#tell();
  }

  /** Shows the verdict of a diagnosis above the steps; `between`: and where a flow to another host loses. */
  report(report: DiagnosisReport, between?: BothEndsVerdict): void {
    const made: Kept = { at: Date.now(), report, ...(between === undefined ? {} : { between }) };
    this.#report = { ...made, earlier: false };
    this.#post({ type: 'report', ...this.#report });
    this.parts.reports.keep(this.target, made).catch((error: unknown) => this.parts.log(sentence(error)));
  }

  /** Opens a step and puts the focus there; `null`: the verdict. Waits for the page if need be. */
  goto(step: string | null): void {
    this.#goto = { step };
    // A hidden page is made anew when it is revealed; it is told when it says that it is ready.
    const { visible } = this.panel;
    this.panel.reveal(undefined, false);
    if (visible) this.#postGoto();
  }

  show(): void {
    this.panel.reveal(undefined, false);
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#runner.cancelAll();
    this.#watch();
    for (const disposable of this.#disposables) disposable.dispose();
  }

  #receive(message: unknown): void {
    const parsed = v.safeParse(FromWebview, message);
    if (!parsed.success) {
      this.parts.log(`runbook page: a message that is none of ours was ignored`);
      return;
    }
    this.#act(parsed.output).catch((error: unknown) => void window.showErrorMessage(sentence(error)));
  }

  async #act(message: FromWebview): Promise<void> {
    switch (message.type) {
      case 'ready':
        this.#resend();
        break;
      case 'run':
        await this.#run(message.hash, message.command);
        break;
      case 'cancel':
        this.#runner.cancel(message.command);
        break;
      case 'terminal':
        await this.#with(message, (chosen) => this.#runner.type(chosen));
        break;
      case 'copy':
        await this.#with(message, (chosen) => this.#runner.copy(chosen));
        break;
      case 'fix':
        await this.#fix(message.hash, message.command);
        break;
      case 'decide': {
        const { change, decision } = message;
        const done = await this.parts.server.request(Requests.fixDecide, { target: this.target, change, decision });
        if (done.kind === 'refused') void window.showErrorMessage(plain([done.why, done.how ?? ''].join(' ')));
        break;
      }
      case 'persist':
        await persistChange(this.parts, this.target, message.change);
        break;
      case 'open':
        if (isRunbookId(message.runbook)) this.parts.open(this.target, message.runbook);
        break;
      case 'reveal': {
        const layer = findStep(this.#document, message.step)?.layer ?? null;
        if (layer !== null) this.parts.reveal(this.target, layer);
        break;
      }
      case 'diagnose':
        await commands.executeCommand(COMMANDS.diagnose, this.target);
        break;
    }
  }

  async #run(hash: string, id: string): Promise<void> {
    const chosen = this.#chosen(hash, id);
    if (chosen === undefined) {
      this.#post({ type: 'result', command: id, result: this.#changed() });
      return;
    }
    const result = await this.#runner.run(chosen, () => {
      if (chosen.command.risk !== 'read-only') this.#focusBack();
      this.#post({ type: 'running', command: id });
    });
    this.#results.set(id, result);
    this.#post({ type: 'result', command: id, result });
  }

  async #fix(hash: string, id: string): Promise<void> {
    const chosen = this.#chosen(hash, id);
    const fix = chosen?.command.fix ?? null;
    if (chosen === undefined || fix === null) {
      this.#post({ type: 'result', command: id, result: this.#changed() });
      return;
    }
    const begun = await applyFix(this.parts, { target: this.target, runbook: this.runbook, hash, fix });
    this.#focusBack();
    // What follows a beginning comes from the server; a dialog that was closed leaves nothing to say.
    if (begun.kind !== 'begun') this.#post({ type: 'result', command: id, result: begun });
  }

  /** After a dialog VS Code gives the focus to the frame around the page, where keys lead nowhere. */
  #focusBack(): void {
    if (!this.#disposed && this.panel.active) this.panel.reveal(undefined, false);
  }

  async #with(message: { readonly hash: string; readonly command: string }, act: (chosen: Chosen) => Promise<void>): Promise<void> {
    const chosen = this.#chosen(message.hash, message.command);
    if (chosen === undefined) this.#post({ type: 'result', command: message.command, result: this.#changed() });
    else await act(chosen);
  }

  #chosen(hash: string, id: string): Chosen | undefined {
    const command = findCommand(this.#document, hash, id);
    return command === undefined ? undefined : { target: this.target, runbook: this.runbook, hash, command };
  }

  #changed(): RunResult {
    return { kind: 'refused', why: l10n.t('The runbook changed since it was shown.'), how: l10n.t('Close it and open it again.') };
  }

  #resend(): void {
    this.#ready = true;
    this.#post({ type: 'setup', target: this.target, runbook: this.runbook, strings: pageStrings() });
    if (this.#document !== undefined) this.#post({ type: 'document', document: this.#document, host: this.#host });
    this.#post({ type: 'state', steps: this.#states.all() });
    if (this.#report !== undefined) this.#post({ type: 'report', ...this.#report });
    for (const [command, result] of this.#results) this.#post({ type: 'result', command, result });
    this.#postChanges();
    for (const command of this.#runner.running()) this.#post({ type: 'running', command });
    this.#post({ type: 'banner', text: this.#told });
    this.#postGoto();
    this.#watch();
  }

  #postChanges(): void {
    for (const change of this.parts.changes.of(this.target, this.runbook)) this.#postChange(change);
  }

  /** With the name that the person knows, which is not always the host's own. */
  #postChange({ state, remainingMs }: ChangeNow): void {
    this.#post({ type: 'change', state: { ...state, host: plain(this.parts.targets.label(this.target)) }, remainingMs });
  }

  /** A page can go to a step only when it has the document. */
  #postGoto(): void {
    if (this.#goto === undefined || !this.#ready || this.#document === undefined) return;
    this.#post({ type: 'goto', step: this.#goto.step });
    this.#goto = undefined;
  }

  /** The name that the person knows, and the host's own where it is another. */
  #name(host: string): string {
    const label = this.parts.targets.label(this.target);
    return label === host ? label : `${label} (${host})`;
  }

  #tell(): void {
    const text = this.#trouble ?? this.#connection;
    if (text === this.#told) return;
    this.#told = text;
    this.#post({ type: 'banner', text });
  }

  #post(message: ToWebview): void {
    if (this.#ready && !this.#disposed) void this.panel.webview.postMessage(message);
  }

  /** Tells the server whether somebody looks at this runbook. */
  #watch(): void {
    const visible = !this.#disposed && this.panel.visible;
    if (this.#document === undefined || this.parts.server.state.kind !== 'running') return;
    this.parts.server
      .request(Requests.watchRunbook, { target: this.target, runbook: this.runbook, visible })
      .catch((error: unknown) => this.parts.log(sentence(error)));
  }
}
