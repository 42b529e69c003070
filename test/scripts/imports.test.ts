import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { checkImports } from '../../scripts/check-imports.mjs';

let src = '';
beforeEach(() => {
  src = mkdtempSync(join(tmpdir(), 'droplens-imports-'));
});
afterEach(() => {
  rmSync(src, { recursive: true });
});

/** The problems of a house with these files, without the files' positions. */
function problems(files: Readonly<Record<string, string>>): string[] {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(src, name)), { recursive: true });
    writeFileSync(join(src, name), text);
  }
  const result = checkImports(src);
  expect(result.files).toBe(Object.keys(files).length);
  return result.problems;
}

test('a house in order has no problem', () => {
  expect(
    problems({
      'core/layers.ts': `export const LAYERS = [] as const;`,
      'core/diagnosis/condition.ts': `import { Environment } from '@marcbachmann/cel-js'; export { Environment };`,
      'protocol/tree.ts': `import * as v from 'valibot'; import { LAYERS } from '../core/layers.js'; v; LAYERS;`,
      'extension/main.ts': `import { window } from 'vscode'; import type { LAYERS } from '../core/layers.js';
        void import('./client/entry.js');`,
      'extension/client/entry.ts': `import { LanguageClient } from 'vscode-languageclient/node'; export { LanguageClient };`,
      'server/main.ts': `import { readFile } from 'node:fs/promises'; void import('../collect/ssh/entry.js');`,
      'collect/ssh/entry.ts': `import { Client } from 'ssh2'; export { Client };`,
    }),
  ).toEqual([]);
});

test.each([
  ['core/a.ts', `import 'node:fs';`, `must not import Node's "node:fs"`],
  ['core/a.ts', `import 'path';`, `must not import Node's "path"`],
  ['core/a.ts', `import 'yaml';`, 'must not import the package "yaml"'],
  ['core/a.ts', `import type { X } from '../protocol/x.js';`, 'must not import "../protocol/x.js"'],
  ['core/a.ts', `export * from '../server/x.js';`, 'must not import "../server/x.js"'],
  ['core/a.ts', `let x: import('../collect/x.js').X;`, 'must not import "../collect/x.js"'],
  ['server/a.ts', `import { window } from 'vscode';`, 'must not import the package "vscode"'],
  ['webview/a.ts', `import { x } from '../core/x.js';`, 'must not import "../core/x.js"'],
  ['extension/a.ts', `import { x } from '../core/x.js';`, 'extension takes only types from there'],
  ['extension/a.ts', `import { type X, y } from '../core/x.js';`, 'extension takes only types from there'],
  ['extension/a.ts', `import { x } from '../server/x.js';`, 'must not import "../server/x.js"'],
  ['collect/a.ts', `const x = require('../server/x.js');`, 'must not import "../server/x.js"'],
  ['server/a.ts', `void import('../extension/x.js');`, 'must not import "../extension/x.js"'],
  ['server/a.ts', `void import('./' + name);`, 'not a literal path'],
  ['server/a.ts', `import 'fs';`, 'without node:'],
  ['server/a.ts', `import './x';`, 'does not end in .js'],
  ['server/a.ts', `import '../../test/x.js';`, 'lies outside src'],
  ['stray/a.ts', `import './x.js';`, 'in none of the folders'],
])('%s: %s', (name, text, problem) => {
  expect(problems({ [name]: text })).toEqual([expect.stringContaining(problem)]);
  expect(problems({ [name]: text })[0]).toContain(`src/${name}:1 `);
});

test('a cycle is named; one that types alone close is none', () => {
  expect(problems({ 'core/a.ts': `import './b.js';`, 'core/b.ts': `import './a.js';` })).toEqual([
    'import cycle: core/a.ts → core/b.ts → core/a.ts',
  ]);
  expect(problems({ 'core/a.ts': `import './b.js';`, 'core/b.ts': `import type { A } from './a.js';` })).toEqual([]);
});

test('a program that loads ssh2 when it starts', () => {
  expect(
    problems({ 'server/main.ts': `import '../collect/ssh/entry.js';`, 'collect/ssh/entry.ts': `import 'ssh2';` }),
  ).toEqual(['ssh2 is loaded at the start: server/main.ts → collect/ssh/entry.ts → ssh2']);
});
