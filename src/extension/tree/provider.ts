import { EventEmitter, l10n, TreeItemCollapsibleState, type TreeDataProvider, type TreeItem } from 'vscode';
import type { TreeNode } from '../../protocol/tree.js';
import { LOCAL_TARGET } from '../ids.js';
import type { Targets } from '../targets/targets.js';
import { keyOf, type Forest } from './forest.js';
import { nodeItem, placeholderItem, type Row } from './item.js';

/** Rows of vanished sockets are forgotten when this many are held. */
const MANY_ROWS = 1000;

/** Draws the forest as VS Code's tree. */
export class LayersProvider implements TreeDataProvider<Row> {
  readonly #rows = new Map<string, Row>();
  readonly #opened = new Map<string, TreeItemCollapsibleState>();
  readonly #changed = new EventEmitter<Row[] | undefined>();
  readonly onDidChangeTreeData = this.#changed.event;

  constructor(
    private readonly forest: Forest,
    private readonly targets: Targets,
    /** Resolves when the list of targets is known. */
    private readonly ready: () => Promise<void>,
  ) {}

  /** The row object for a node; `null`: the target's placeholder. */
  row(target: string, id: string | null): Row {
    const key = keyOf(target, id);
    let row = this.#rows.get(key);
    if (row === undefined) {
      row = { target, id };
      this.#rows.set(key, row);
    }
    return row;
  }

  /** Repaints these rows, given by their keys, each with what is below it; `''` the whole list. */
  paint(keys: ReadonlySet<string>): void {
    if (keys.has('') || this.#rows.size > MANY_ROWS) this.#forgetGone();
    if (keys.has('')) {
      this.#changed.fire(undefined);
      return;
    }
    const rows = [...keys].map((key) => this.#rows.get(key)).filter((row) => row !== undefined);
    if (rows.length > 0) this.#changed.fire(rows);
  }

  getTreeItem(row: Row): TreeItem {
    const store = this.forest.store(row.target);
    const node = row.id === null ? undefined : store?.node(row.id);
    if (node === undefined) {
      // The server's row, which takes its place, has the same name.
      const label = row.target === LOCAL_TARGET ? l10n.t('This machine') : this.targets.label(row.target);
      return placeholderItem(row.target, label, this.targets.connection(row.target));
    }
    return nodeItem(row, node, store?.state, this.#collapsible(row, node));
  }

  async getChildren(row?: Row): Promise<Row[]> {
    if (row === undefined) {
      await this.ready();
      return this.targets.list().flatMap((target) => {
        const roots = this.forest.store(target)?.children(null) ?? [];
        return roots.length === 0 ? [this.row(target, null)] : roots.map((id) => this.row(target, id));
      });
    }
    if (row.id === null) return [];
    return (this.forest.store(row.target)?.children(row.id) ?? []).map((id) => this.row(row.target, id));
  }

  getParent(row: Row): Row | undefined {
    const parent = row.id === null ? null : (this.forest.store(row.target)?.node(row.id)?.parent ?? null);
    return parent === null ? undefined : this.row(row.target, parent);
  }

  /** Plain text: parts of it come from the host, and Markdown would let them draw links. */
  resolveTreeItem(item: TreeItem, row: Row): TreeItem {
    const node = this.node(row);
    if (node !== undefined) item.tooltip = node.tooltip;
    return item;
  }

  node(row: Row): TreeNode | undefined {
    return row.id === null ? undefined : this.forest.store(row.target)?.node(row.id);
  }

  /** How a row is opened is decided once, when it first has children; after that it is the person's choice. */
  #collapsible(row: Row, node: TreeNode): TreeItemCollapsibleState {
    if ((this.forest.store(row.target)?.children(node.id).length ?? 0) === 0) return TreeItemCollapsibleState.None;
    const key = keyOf(row.target, row.id);
    let state = this.#opened.get(key);
    if (state === undefined) {
      const open = node.kind === 'target' || (node.kind === 'layer' && (node.health === 'loss' || node.health === 'risk'));
      state = open ? TreeItemCollapsibleState.Expanded : TreeItemCollapsibleState.Collapsed;
      this.#opened.set(key, state);
    }
    return state;
  }

  #forgetGone(): void {
    const targets = new Set(this.targets.list());
    for (const [key, { target, id }] of this.#rows) {
      if (targets.has(target) && (id === null || this.forest.store(target)?.node(id) !== undefined)) continue;
      this.#rows.delete(key);
      this.#opened.delete(key);
    }
  }
}
