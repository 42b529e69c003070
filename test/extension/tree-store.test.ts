import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TreeNode, TreeUpdate } from '../../src/protocol/tree.js';
import { Forest, keyOf } from '../../src/extension/tree/forest.js';
import { TreeStore } from '../../src/extension/tree/store.js';

const T = 'local:/';

function node(id: string, parent: string | null, over: Partial<TreeNode> = {}): TreeNode {
  return {
    id, parent, order: 0, kind: 'value', layer: null, label: id, description: '', health: 'idle', tooltip: '', spoken: id, step: null, ...over,
  };
}

function update(seq: number, base: number | null, over: Partial<TreeUpdate> = {}): TreeUpdate {
  return { target: T, seq, base, changed: [], removed: [], state: { kind: 'live' }, findings: 0, ...over };
}

const first = update(1, null, {
  changed: [
    node('host', null, { kind: 'target' }),
    node('link', 'host', { kind: 'layer', order: 1 }),
    node('app', 'host', { kind: 'layer', order: 0 }),
    node('drops', 'link'),
    node('constructor', 'app'),
  ],
});

function filled(): TreeStore {
  const store = new TreeStore();
  store.apply(first);
  return store;
}

describe('TreeStore', () => {
  it('keeps the order given and names like "constructor" as names', () => {
    const store = filled();
    expect(store.children(null)).toEqual(['host']);
    expect(store.children('host')).toEqual(['app', 'link']);
    expect(store.children('app')).toEqual(['constructor']);
    expect(store.children('toString')).toEqual([]);
    expect(store.root?.id).toBe('host');
  });

  it('says that a row changed, and nothing else', () => {
    const applied = filled().apply(update(2, 1, { changed: [node('drops', 'link', { description: '3/s' })] }));
    expect(applied).toEqual({ kind: 'applied', repaint: new Set(['drops']), structure: new Set(), freshness: false, urgent: false });
  });

  it('paints nothing when a complete update brings what is held', () => {
    const applied = filled().apply({ ...first, seq: 9 });
    expect(applied).toEqual({ kind: 'applied', repaint: new Set(), structure: new Set(), freshness: false, urgent: false });
  });

  it('says that a judgement changed at once', () => {
    const applied = filled().apply(update(2, 1, { changed: [node('drops', 'link', { health: 'loss' })] }));
    expect(applied).toMatchObject({ kind: 'applied', freshness: false, urgent: true });
  });

  it('names the parent when a child comes or goes', () => {
    const store = filled();
    expect(store.apply(update(2, 1, { changed: [node('more', 'link')] }))).toMatchObject({ structure: new Set(['link']) });
    expect(store.apply(update(3, 2, { removed: ['more'] }))).toMatchObject({ structure: new Set(['link']) });
    expect(store.node('more')).toBeUndefined();
    expect(store.children('link')).toEqual(['drops']);
  });

  it('drops what a complete update does not name, with what was below it', () => {
    const store = filled();
    store.apply(update(5, null, { changed: [node('host', null, { kind: 'target' }), node('app', 'host', { kind: 'layer' })] }));
    expect(store.children('host')).toEqual(['app']);
    expect(store.node('drops')).toBeUndefined();
  });

  it('refuses an update that builds on another, and takes its state all the same', () => {
    const store = filled();
    const stale = { kind: 'stale', since: 5, why: 'no answer' } as const;
    expect(store.apply(update(4, 3, { changed: [node('late', 'host')], state: stale }))).toEqual({ kind: 'gap' });
    expect(store.node('late')).toBeUndefined();
    expect(store.state).toEqual(stale);
    expect(store.apply(update(2, 1, { changed: [node('late', 'host')] })).kind).toBe('applied');
  });

  it('needs a complete update after its server is gone, and keeps its rows until then', () => {
    const store = filled();
    store.detach({ kind: 'stale', since: 1, why: 'restarting' });
    expect(store.apply(update(2, 1)).kind).toBe('gap');
    expect(store.children('host')).toEqual(['app', 'link']);
  });

  it('holds the same tree whether it came in parts or at once', () => {
    const ids = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f');
    const change = fc.record({ id: ids, parent: fc.option(ids, { nil: null }), order: fc.integer({ min: 0, max: 3 }), gone: fc.boolean() });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 30 }), (changes) => {
        const parts = new TreeStore();
        parts.apply(update(0, null));
        const truth = new Map<string, TreeNode>();
        changes.forEach(({ id, parent, order, gone }, at) => {
          // A parent later in the alphabet would allow circles, which the server does not send.
          const wanted = node(id, parent !== null && parent < id ? parent : null, { order });
          if (gone) truth.delete(id);
          else truth.set(id, wanted);
          parts.apply(update(at + 1, at, gone ? { removed: [id] } : { changed: [wanted] }));
        });
        const whole = new TreeStore();
        whole.apply(update(1, null, { changed: [...truth.values()] }));
        for (const id of [null, ...truth.keys()]) expect(parts.children(id)).toEqual(whole.children(id));
      }),
      { seed: 7 },
    );
  });
});

describe('Forest', () => {
  it('paints a parent instead of the rows that it brings along', () => {
    const forest = new Forest();
    forest.apply(first);
    const changed = [node('more', 'link'), node('drops', 'link', { description: '1' }), node('app', 'host', { kind: 'layer', description: 'x' })];
    expect(forest.apply(update(2, 1, { changed }))?.keys).toEqual(new Set([keyOf(T, 'link'), keyOf(T, 'app')]));
  });

  it('paints the whole list when a root comes, and adds up the findings of all targets', () => {
    const forest = new Forest();
    expect(forest.apply({ ...first, findings: 2 })?.keys).toEqual(new Set(['']));
    forest.apply({ ...first, target: 'ssh://web-1/', findings: 3 });
    expect(forest.findings).toBe(5);
    forest.drop('ssh://web-1/');
    expect(forest.findings).toBe(2);
  });

  it('asks for a complete update when it has none to build on', () => {
    expect(new Forest().apply(update(8, 7))).toBeUndefined();
  });
});
