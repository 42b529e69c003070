import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { DIRECTIONS, LAYERS } from '../../../src/core/layers.js';
import { findSignal, SIGNALS } from '../../../src/core/signals/catalogue.js';
import { STEPS } from '../../../src/core/signals/signal.js';

interface Head {
  readonly kind: string;
  readonly id: string;
  readonly layer: string;
  readonly direction: string;
  readonly subject: string;
  readonly step: string;
  readonly rate?: string;
  readonly unit?: string;
  readonly evidence: readonly string[];
  readonly explains?: readonly string[];
}

const FOLDER = join(import.meta.dirname, '../../../media/runbooks/causes');
const FILES = readdirSync(FOLDER).filter((name) => name.endsWith('.md'));
const CAUSES = FILES.map((name) => {
  const text = readFileSync(join(FOLDER, name), 'utf8');
  const [, head = '', body = ''] = /^---\n([\s\S]*?)\n---\n([\s\S]*)$/.exec(text) ?? [];
  return { name, head: parse(head) as Head, body };
});
const IDS = new Set(CAUSES.map((cause) => cause.head.id));

describe('signals', () => {
  it('have one id each and sentences', () => {
    expect(new Set(SIGNALS.map((signal) => signal.id)).size).toBe(SIGNALS.length);
    for (const signal of SIGNALS) {
      expect(signal.meaning.text, signal.id).toMatch(/^\S.*\.$/);
      if (signal.harmless) expect(signal.harmless.text, signal.id).toMatch(/\.$/);
    }
  });

  it('are at least 90, and each layer shows some host-wide ones', () => {
    expect(SIGNALS.length).toBeGreaterThanOrEqual(90);
    expect(findSignal('TcpExt.ListenOverflows')?.loss).toBe('loss');
    expect(findSignal('__proto__')).toBeUndefined();
  });
});

describe.each(CAUSES)('$name', ({ name, head, body }) => {
  it('names known things', () => {
    expect(head.kind).toBe('cause');
    expect(head.id).toBe(basename(name, '.md'));
    expect(LAYERS).toContain(head.layer);
    expect(DIRECTIONS).toContain(head.direction);
    expect(STEPS).toContain(head.step);
    for (const id of head.explains ?? []) expect(IDS, id).toContain(id);
    expect(head.explains ?? []).not.toContain(head.id);
    for (const signal of head.evidence) {
      const id = signal.startsWith('it.') ? `${head.subject}.${signal.slice(3)}` : signal;
      expect(findSignal(id), `evidence ${id}`).toBeDefined();
    }
    expect(head.evidence.length).toBeGreaterThan(0);
    expect(head.rate === undefined).toBe(head.unit === undefined);
  });

  it('tells what it means, how to confirm, and how to see that it worked', () => {
    expect(body).toContain('## What it means');
    expect(body).toContain('## Confirm');
    expect(body).toContain('## Fix');
    const blocks = [...body.matchAll(/^```sh (\{.*\})\n([\s\S]*?)^```$/gm)];
    expect(blocks.length).toBeGreaterThan(0);
    for (const [, json = '', script = ''] of blocks) {
      const attributes = JSON.parse(json) as Record<string, string>;
      expect(Object.values(attributes).every((value) => typeof value === 'string')).toBe(true);
      expect(['read-only', 'load', 'changes', 'disruptive']).toContain(attributes['droplens.risk']);
      const params = (attributes['droplens.params'] ?? '').split(' ').filter(Boolean);
      const used = [...`${script}\n${attributes['droplens.undo'] ?? ''}`.matchAll(/\$(HOST|INTERFACE|PORT|SECONDS|SIZE|PPROF_URL)\b/g)].map((match) => match[1]);
      expect(new Set(used), attributes['id']).toEqual(new Set(params));
      if (attributes['droplens.risk'] === 'read-only') {
        expect(script, attributes['id']).not.toMatch(/sysctl -w|\bip (link|route|addr) (set|add|del)|ethtool -[GKsL]\b|tc qdisc (add|del|replace|change)|> *\/proc|-[AID] [A-Z]+/);
      }
    }
  });
});
