import { beforeEach, expect, it, vi } from 'vitest';
import type { Server } from '../../src/extension/client/server.js';
import { RootConsent } from '../../src/extension/diagnose/root.js';

interface Item {
  readonly title: string;
}
const shown = vi.hoisted(() => ({ calls: [] as { text: string; detail: string; items: string[] }[], answer: 'No' }));

vi.mock('vscode', () => ({
  l10n: { t: (text: string, ...args: readonly string[]) => text.replace(/\{(\d)\}/g, (_all, index: string) => args[Number(index)] ?? '') },
  window: {
    showWarningMessage: (text: string, options: { modal: boolean; detail: string }, ...items: readonly Item[]) => {
      expect(options.modal).toBe(true);
      shown.calls.push({ text, detail: options.detail, items: items.map(({ title }) => title) });
      return Promise.resolve(items.find(({ title }) => title === shown.answer));
    },
  },
}));

const server = {
  request: () => Promise.resolve({ commands: [{ line: 'nft -a -n list ruleset', why: 'rules' }, { line: 'dmesg', why: 'messages' }] }),
} as unknown as Server;

beforeEach(() => {
  shown.calls.length = 0;
});

it('shows the host and every command before it takes an answer', async () => {
  await new RootConsent(server).ask('ssh://web-1/', 'web-1');
  expect(shown.calls[0]?.text).toBe('Look deeper as root on web-1?');
  expect(shown.calls[0]?.items).toEqual(['This time', 'For this window', 'No']);
  expect(shown.calls[0]?.detail).toContain('nft -a -n list ruleset  – rules\ndmesg  – messages');
});

it.each([
  ['This time', 'once', false, true],
  ['For this window', 'window', true, false],
  ['No', 'no', false, false],
  ['nothing at all', 'no', false, true],
])('%s', async (answer, said, agreed, offered) => {
  shown.answer = answer;
  const consent = new RootConsent(server);
  expect([consent.agreed('a'), consent.offers('a')]).toEqual([false, true]);
  expect(await consent.ask('a', 'A')).toBe(said);
  expect([consent.agreed('a'), consent.offers('a')]).toEqual([agreed, offered]);
  // What was said about one host says nothing about another.
  expect([consent.agreed('b'), consent.offers('b')]).toEqual([false, true]);
});
