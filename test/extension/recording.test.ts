import { expect, test } from 'vitest';
import { hostOf, targetKind, targetParts } from '../../src/extension/targets/address.js';
import { SavedTargets, type Memory } from '../../src/extension/targets/saved.js';

const target = 'recording:///home/me/web%201.droplens';

test('a recording is a target of its own kind, called after its file until it is open', () => {
  expect(targetKind(target)).toBe('recording');
  expect(hostOf(target)).toBe(target);
  expect(targetParts(target, 'here')).toEqual({ host: 'web 1.droplens', inside: undefined });
});

test('recordings are saved and removed like hosts', async () => {
  const values = new Map<string, unknown>();
  const memory: Memory = { get: (key) => values.get(key), update: (key, value) => Promise.resolve(void values.set(key, value)) };
  const saved = new SavedTargets(memory);
  await saved.add('ssh://web-1/');
  await saved.add(target);
  expect(saved.all()).toEqual(['ssh://web-1/', target]);
  await saved.remove(target);
  expect(saved.all()).toEqual(['ssh://web-1/']);
});
