import type { TreeNode } from '../../protocol/tree.js';

/** What changed between two complete trees. */
export interface TreeDiff {
  readonly changed: readonly TreeNode[];
  readonly removed: readonly string[];
}

/** Compares by value: a node is repainted only when something that is drawn differs. */
export function diffNodes(before: ReadonlyMap<string, TreeNode>, after: readonly TreeNode[]): TreeDiff {
  const changed = after.filter((node) => {
    const old = before.get(node.id);
    return old === undefined || !sameNode(old, node);
  });
  const kept = new Set(after.map((node) => node.id));
  return { changed, removed: [...before.keys()].filter((id) => !kept.has(id)) };
}

function sameNode(a: TreeNode, b: TreeNode): boolean {
  return (
    a.parent === b.parent &&
    a.order === b.order &&
    a.label === b.label &&
    a.description === b.description &&
    a.health === b.health &&
    a.tooltip === b.tooltip &&
    a.spoken === b.spoken &&
    a.step === b.step &&
    a.kind === b.kind &&
    a.layer === b.layer
  );
}
