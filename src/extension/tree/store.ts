import type { TargetState, TreeNode, TreeUpdate } from '../../protocol/tree.js';

/** What an update did to a target's tree. */
export type Applied =
  /** The update builds on one that is not held: a complete one must be asked for. */
  | { readonly kind: 'gap' }
  | {
      readonly kind: 'applied';
      /** Nodes whose own row changed and that still exist. */
      readonly repaint: ReadonlySet<string>;
      /** Parents whose set or order of children changed; `null` stands for the target's roots. */
      readonly structure: ReadonlySet<string | null>;
      /** Values became old, or fresh again. */
      readonly freshness: boolean;
      /** A judgement changed, or the connection's state did: not to be delayed. */
      readonly urgent: boolean;
    };

/** One target's tree, kept by updates. Ids come from the host's names and are only ever Map keys. */
export class TreeStore {
  readonly #nodes = new Map<string, TreeNode>();
  readonly #children = new Map<string | null, string[]>();
  #seq: number | null = null;
  #state: TargetState | undefined;
  /** As the rows were last said to be painted. */
  #fresh = true;
  #findings = 0;

  get state(): TargetState | undefined {
    return this.#state;
  }

  get findings(): number {
    return this.#findings;
  }

  /** The host's name as the server's root says it. */
  get root(): TreeNode | undefined {
    const [first] = this.children(null);
    return first === undefined ? undefined : this.#nodes.get(first);
  }

  node(id: string): TreeNode | undefined {
    return this.#nodes.get(id);
  }

  /** Ids in the order in which they are shown. */
  children(parent: string | null): readonly string[] {
    return this.#children.get(parent) ?? [];
  }

  /** The first node that `wanted` accepts, in display order, upper levels first. */
  find(wanted: (node: TreeNode) => boolean): TreeNode | undefined {
    const queue = [...this.children(null)];
    for (let at = 0; at < queue.length; at++) {
      const node = this.#nodes.get(queue[at] ?? '');
      if (node === undefined) continue;
      if (wanted(node)) return node;
      queue.push(...this.children(node.id));
    }
    return undefined;
  }

  apply(update: TreeUpdate): Applied {
    if (update.base !== null && update.base !== this.#seq) {
      this.#state = update.state;
      this.#findings = update.findings;
      return { kind: 'gap' };
    }
    const freshness = this.#fresh !== isAlive(update.state);
    this.#fresh = isAlive(update.state);
    const removed = update.base === null ? this.#missingFrom(update.changed) : update.removed;
    const repaint = new Set<string>();
    const structure = new Set<string | null>();
    let urgent = this.#state?.kind !== update.state.kind || this.#findings !== update.findings;
    for (const id of removed) {
      const gone = this.#nodes.get(id);
      if (gone === undefined) continue;
      this.#nodes.delete(id);
      structure.add(gone.parent);
      urgent ||= gone.health === 'loss' || gone.health === 'risk';
    }
    for (const node of update.changed) {
      const before = this.#nodes.get(node.id);
      if (before !== undefined && same(before, node)) continue;
      this.#nodes.set(node.id, node);
      if (before === undefined || before.parent !== node.parent || before.order !== node.order) {
        structure.add(node.parent);
        if (before !== undefined && before.parent !== node.parent) structure.add(before.parent);
      }
      if (before !== undefined) repaint.add(node.id);
      urgent ||= before === undefined ? node.health === 'loss' || node.health === 'risk' : before.health !== node.health;
    }
    if (structure.size > 0) this.#arrange();
    this.#seq = update.seq;
    this.#state = update.state;
    this.#findings = update.findings;
    const alive = [...structure].filter((id) => id === null || this.#nodes.has(id));
    return { kind: 'applied', repaint, structure: new Set(alive), freshness, urgent };
  }

  /** The process that numbered the updates is gone: the rows stay on screen until its successor sends all. */
  detach(state: TargetState): void {
    this.#fresh = isAlive(state);
    this.#seq = null;
    this.#state = state;
  }

  #missingFrom(complete: readonly TreeNode[]): string[] {
    const kept = new Set(complete.map(({ id }) => id));
    return [...this.#nodes.keys()].filter((id) => !kept.has(id));
  }

  #arrange(): void {
    this.#children.clear();
    for (const node of this.#nodes.values()) {
      // A node whose parent is unknown would otherwise be lost without a word: it is shown as a root.
      const parent = node.parent !== null && this.#nodes.has(node.parent) ? node.parent : null;
      const siblings = this.#children.get(parent);
      if (siblings === undefined) this.#children.set(parent, [node.id]);
      else siblings.push(node.id);
    }
    for (const siblings of this.#children.values()) siblings.sort((a, b) => this.#compare(a, b));
  }

  #compare(a: string, b: string): number {
    const left = this.#nodes.get(a);
    const right = this.#nodes.get(b);
    if (left === undefined || right === undefined) return 0;
    return left.order - right.order || (left.label < right.label ? -1 : left.label > right.label ? 1 : 0);
  }
}

/** Whether values can be expected: the connection is there or is being made. */
export function isAlive(state: TargetState): boolean {
  return state.kind !== 'stale' && state.kind !== 'failed';
}

function same(a: TreeNode, b: TreeNode): boolean {
  return (
    a.parent === b.parent &&
    a.order === b.order &&
    a.kind === b.kind &&
    a.layer === b.layer &&
    a.label === b.label &&
    a.description === b.description &&
    a.health === b.health &&
    a.tooltip === b.tooltip &&
    a.spoken === b.spoken &&
    a.step === b.step
  );
}
