import type { TreeUpdate } from '../../protocol/tree.js';
import { TreeStore } from './store.js';

/** What must be painted after an update. Keys: `target#id`; `target#` a target without rows; `''` the whole list. */
export interface Paint {
  readonly keys: ReadonlySet<string>;
  readonly urgent: boolean;
}

export const keyOf = (target: string, id: string | null): string => `${target}#${id ?? ''}`;

/** The trees of all targets. Pure: says what to paint and never paints. */
export class Forest {
  readonly #stores = new Map<string, TreeStore>();

  store(target: string): TreeStore | undefined {
    return this.#stores.get(target);
  }

  get stores(): ReadonlyMap<string, TreeStore> {
    return this.#stores;
  }

  /** `undefined`: the update cannot be used, a complete one is needed. */
  apply(update: TreeUpdate): Paint | undefined {
    let store = this.#stores.get(update.target);
    if (store === undefined) {
      store = new TreeStore();
      this.#stores.set(update.target, store);
    }
    const applied = store.apply(update);
    if (applied.kind === 'gap') return undefined;
    if (applied.structure.has(null)) return { keys: new Set(['']), urgent: applied.urgent };
    const keys = new Set<string>();
    for (const parent of applied.structure) keys.add(keyOf(update.target, parent));
    // Whether values are fresh shows in every row: a repainted root brings all along.
    if (applied.freshness && store.root !== undefined) keys.add(keyOf(update.target, store.root.id));
    for (const id of applied.repaint) {
      if (!this.#below(store, id, applied.structure)) keys.add(keyOf(update.target, id));
    }
    return { keys, urgent: applied.urgent };
  }

  drop(target: string): void {
    this.#stores.delete(target);
  }

  /** The sum over all targets: the badge. */
  get findings(): number {
    return [...this.#stores.values()].reduce((sum, store) => sum + store.findings, 0);
  }

  /** Whether a repainted parent brings the row along. */
  #below(store: TreeStore, id: string, parents: ReadonlySet<string | null>): boolean {
    for (let at = store.node(id)?.parent ?? null; at !== null; at = store.node(at)?.parent ?? null) {
      if (parents.has(at)) return true;
    }
    return false;
  }
}
