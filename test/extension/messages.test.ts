import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as v from 'valibot';
import { FromWebview, ToWebview, WebviewState } from '../../src/protocol/webview.js';
import { findCommand, findStep, isRunbookId, isTypeable, StepStates } from '../../src/extension/runbook/lookup.js';
import { shell } from '../../src/extension/runbook/html.js';
import type { RunbookDocument } from '../../src/protocol/runbook.js';

const fits = (message: unknown): boolean => v.safeParse(FromWebview, message).success;

describe('messages of the page', () => {
  it('takes what the page sends', () => {
    expect(fits({ type: 'ready' })).toBe(true);
    expect(fits({ type: 'run', hash: 'h', command: 'c' })).toBe(true);
  });

  it.each([
    null,
    undefined,
    'run',
    [],
    { type: 'constructor' },
    { type: 'toString' },
    { type: '__proto__' },
    { type: ['run'], hash: 'h', command: 'c' },
    { type: 'run' },
    { type: 'run', hash: 'h', command: { toString: 'c' } },
    { type: 'run', hash: 'h', command: 'c'.repeat(201) },
    { type: 'open', runbook: 'x'.repeat(1_000_000) },
  ])('ignores %#', (message) => {
    expect(fits(message)).toBe(false);
  });

  it('lets no extra field through', () => {
    const hostile: unknown = JSON.parse('{"type":"run","hash":"h","command":"c","text":"reboot","__proto__":{"x":1}}');
    expect(v.parse(FromWebview, hostile)).toEqual({ type: 'run', hash: 'h', command: 'c' });
  });

  it('never throws on anything', () => {
    fc.assert(
      fc.property(fc.anything(), (message) => {
        v.safeParse(FromWebview, message);
        v.safeParse(ToWebview, message);
        v.safeParse(WebviewState, message);
      }),
      { seed: 11 },
    );
  });
});

const document: RunbookDocument = {
  id: 'packet-loss',
  title: 'Guide',
  hash: 'h1',
  intro: '',
  steps: [
    {
      id: 'accept-queue',
      title: 'Accept queue',
      layer: 'application',
      parts: [
        { kind: 'prose', html: '<p>x</p>' },
        { kind: 'command', command: { id: 'ss', label: 'List', text: 'ss -lnt', risk: 'read-only', undo: null, params: [], fix: null } },
      ],
    },
  ],
};

describe('looking up what a page names', () => {
  it('finds commands of the version that is held, by their id alone', () => {
    expect(findCommand(document, 'h1', 'ss')?.text).toBe('ss -lnt');
    expect(findCommand(document, 'h0', 'ss')).toBeUndefined();
    expect(findCommand(document, 'h1', 'constructor')).toBeUndefined();
    expect(findCommand(undefined, 'h1', 'ss')).toBeUndefined();
    expect(findStep(document, 'accept-queue')?.layer).toBe('application');
  });

  it.each(['../secret', 'a/b', '', 'A', '-x', 'a.md', 'a b'])('takes %s for no runbook', (id) => {
    expect(isRunbookId(id)).toBe(false);
  });

  it('keeps the latest state of each step', () => {
    const states = new StepStates();
    const state = { step: 'a', verdict: 'ok', why: '', causes: [], tables: [] } as const;
    const mutable = { ...state, causes: [], tables: [] };
    states.merge([mutable, { ...mutable, step: 'b' }]);
    states.merge([{ ...mutable, verdict: 'loss' }]);
    expect(states.all().map(({ step, verdict }) => `${step} ${verdict}`)).toEqual(['a loss', 'b ok']);
  });
});

describe('what may be typed into a terminal', () => {
  it('is one line without keys in it', () => {
    expect(isTypeable(`HOST='a b' sh -c 'ping -c 3 "$HOST"'`)).toBe(true);
    for (const key of ['\n', '\r', '\u0003', '\u001b[A', '\u0085', '\t', '\u2028']) expect(isTypeable(`ls${key}`)).toBe(false);
    expect(isTypeable('')).toBe(false);
  });
});

describe('the page shell', () => {
  const html = shell({
    nonce: 'bm9uY2U=', cspSource: 'https://*.vscode-cdn.net', script: 'https://x/webview.js', style: 'https://x/runbook.css', language: 'en', title: '<img src=x onerror=alert(1)>',
  });

  it('has a policy without unsafe sources, and no inline script or style', () => {
    const policy = /content="([^"]*)"/.exec(html)?.[1] ?? '';
    expect(policy).toContain('default-src &#39;none&#39;');
    expect(policy).toContain('script-src &#39;nonce-bm9uY2U=&#39;');
    expect(html).not.toMatch(/unsafe|<style|style=|onload|javascript:/);
    expect(html.match(/<script/g)).toHaveLength(1);
  });

  it('writes the title as text', () => {
    expect(html).toContain('<title>&lt;img src=x onerror=alert(1)&gt;</title>');
  });
});
