import { commands, Disposable, window, workspace, type TreeView } from 'vscode';
import { Requests, ServerNotifications } from '../../protocol/messages.js';
import type { Layer } from '../../core/layers.js';
import { sentence } from '../client/errors.js';
import type { Server, ServerState } from '../client/server.js';
import { contextKeys } from '../context.js';
import { VIEW, type ViewState } from '../ids.js';
import { settings } from '../settings.js';
import type { Targets } from '../targets/targets.js';
import { Forest, keyOf } from './forest.js';
import type { Row } from './item.js';
import { Painter } from './painter.js';
import { LayersProvider } from './provider.js';
import { findingsText, serverText, targetText } from './texts.js';

const REPAINT_MS = 1000;
/** A layer that is to be selected is waited for this long after its target's tree was asked for. */
const REVEAL_WAIT_MS = 10_000;

/** The tree view: live while it is visible, silent while it is not. */
export class LayersView implements Disposable {
  readonly #forest = new Forest();
  readonly #provider: LayersProvider;
  readonly #painter: Painter;
  readonly #view: TreeView<Row>;
  readonly #disposables: Disposable[] = [];
  readonly #refreshing = new Set<string>();
  #state: ViewState | undefined;
  #reveal: { readonly target: string; readonly layer: Layer; readonly until: number } | undefined;

  constructor(
    private readonly server: Server,
    private readonly targets: Targets,
    private readonly log: (problem: string) => void,
    private readonly onFindings: (count: number) => void,
  ) {
    this.#provider = new LayersProvider(this.#forest, targets, () => this.#ready());
    const clock = {
      now: () => Date.now(),
      after: (ms: number, call: () => void) => {
        const timer = setTimeout(call, ms);
        return () => clearTimeout(timer);
      },
    };
    this.#painter = new Painter(clock, REPAINT_MS, (keys) => this.#paint(keys));
    this.#view = window.createTreeView(VIEW, { treeDataProvider: this.#provider, showCollapseAll: true });
    this.#disposables.push(
      this.#view,
      this.#view.onDidChangeVisibility(() => this.#watchAll()),
      workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration(settings.section)) this.#watchAll();
      }),
      targets.onDidChange((target) => this.#targetChanged(target)),
      new Disposable(() => this.#painter.dispose()),
    );
    server.onNotification(ServerNotifications.tree, (update) => {
      if (!this.targets.list().includes(update.target)) return;
      const paint = this.#forest.apply(update);
      if (paint === undefined) this.#refresh(update.target);
      else this.#painter.add(paint.keys, paint.urgent);
      this.#describe();
      this.#tryReveal();
    });
    server.onState((state) => this.#serverChanged(state));
    this.#setState('starting');
  }

  /** The row's node, for commands on rows. */
  node(row: Row): ReturnType<LayersProvider['node']> {
    return this.#provider.node(row);
  }

  /** Selects the layer of a target, opening the view if need be; waits for its first values. */
  async reveal(target: string, layer: Layer): Promise<void> {
    this.#reveal = { target, layer, until: Date.now() + REVEAL_WAIT_MS };
    if (!this.#view.visible) await commands.executeCommand(`${VIEW}.focus`, { preserveFocus: true });
    this.#tryReveal();
  }

  dispose(): void {
    for (const disposable of this.#disposables) disposable.dispose();
  }

  async #ready(): Promise<void> {
    try {
      await this.targets.local();
    } catch (error) {
      this.log(sentence(error));
    }
    this.#describe();
  }

  #paint(keys: ReadonlySet<string>): void {
    this.#provider.paint(keys);
  }

  #targetChanged(target: string | undefined): void {
    if (target === undefined) {
      const list = new Set(this.targets.list());
      for (const known of [...this.#forest.stores.keys()]) if (!list.has(known)) this.#forest.drop(known);
      this.#painter.add([''], true);
      this.#watchAll();
    } else {
      if (this.targets.connection(target).kind === 'connected') this.#watch(target);
      const root = this.#forest.store(target)?.root;
      this.#painter.add([root === undefined ? keyOf(target, null) : keyOf(target, root.id)], true);
    }
    this.#describe();
  }

  #serverChanged(state: ServerState): void {
    if (state.kind === 'restarting' || state.kind === 'failed') {
      const why = serverText(state) ?? '';
      for (const store of this.#forest.stores.values()) store.detach({ kind: 'stale', since: Date.now(), why });
    } else if (state.kind === 'running') {
      void this.#ready().then(() => this.#watchAll());
    }
    this.#describe();
  }

  /** Connects what can be connected without asking, and tells each target whether somebody looks. */
  #watchAll(): void {
    if (this.server.state.kind !== 'running') return;
    for (const target of this.targets.list()) {
      const { kind } = this.targets.connection(target);
      if (kind === 'connected') this.#watch(target);
      // A failed one is tried again only when a person says so: a prompt or a lock-out may be behind it.
      else if (kind === 'idle' && this.#view.visible) this.targets.ensure(target, false).catch(() => undefined);
    }
  }

  #watch(target: string): void {
    const params = { target, tree: this.#view.visible, intervalMs: settings.intervalMs() };
    this.server.request(Requests.watch, params).catch((error: unknown) => this.log(sentence(error)));
  }

  #refresh(target: string): void {
    if (this.#refreshing.has(target)) return;
    this.#refreshing.add(target);
    this.server
      .request(Requests.refreshTree, { target })
      .catch((error: unknown) => this.log(sentence(error)))
      .finally(() => this.#refreshing.delete(target));
  }

  #describe(): void {
    const list = this.targets.list();
    const texts = list.map((target) => targetText(this.targets.label(target), this.#forest.store(target)?.state));
    const message = serverText(this.server.state) ?? texts.find((text) => text !== undefined) ?? '';
    if ((this.#view.message ?? '') !== message) this.#view.message = message;
    const description = list.map((target) => this.targets.label(target)).join(', ');
    if (this.#view.description !== description) this.#view.description = description;
    const count = this.#forest.findings;
    if ((this.#view.badge?.value ?? 0) !== count) {
      this.#view.badge = count === 0 ? undefined : { value: count, tooltip: findingsText(count) };
      this.onFindings(count);
    }
    const { knownLocal } = this.targets;
    if (this.server.state.kind === 'failed') this.#setState('failed');
    else if (knownLocal === undefined) this.#setState('starting');
    else this.#setState(list.length === 0 ? 'noLocal' : 'ready');
  }

  #setState(state: ViewState): void {
    if (state === this.#state) return;
    this.#state = state;
    contextKeys.view(state);
  }

  #tryReveal(): void {
    const wanted = this.#reveal;
    if (wanted === undefined) return;
    if (Date.now() > wanted.until) {
      this.#reveal = undefined;
      return;
    }
    const store = this.#forest.store(wanted.target);
    const node = store?.find(({ kind, layer }) => kind === 'layer' && layer === wanted.layer);
    if (node === undefined) return;
    this.#reveal = undefined;
    this.#painter.flush();
    const row = this.#provider.row(wanted.target, node.id);
    this.#view.reveal(row, { select: true, focus: false, expand: true }).then(undefined, (error: unknown) => this.log(sentence(error)));
  }
}
