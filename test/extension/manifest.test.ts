import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import * as v from 'valibot';
import { COMMANDS, CONTEXT, PANEL, VIEW } from '../../src/extension/ids.js';

const Manifest = v.object({
  activationEvents: v.array(v.string()),
  contributes: v.object({
    commands: v.array(v.object({ command: v.string() })),
    views: v.record(v.string(), v.array(v.object({ id: v.string() }))),
    menus: v.record(v.string(), v.array(v.object({ command: v.string() }))),
    configuration: v.object({ properties: v.record(v.string(), v.unknown()) }),
    colors: v.array(v.object({ id: v.string() })),
  }),
});

const text = readFileSync('package.json', 'utf8');
const { contributes, activationEvents } = v.parse(Manifest, JSON.parse(text));
const texts = v.parse(v.record(v.string(), v.string()), JSON.parse(readFileSync('package.nls.json', 'utf8')));
const sources = (folder: string): string =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') || name.endsWith('.css'))
    .map((name) => readFileSync(`${folder}/${name}`, 'utf8'))
    .join('\n');

it('contributes the commands that the code registers, and no other', () => {
  expect(contributes.commands.map(({ command }) => command).sort()).toEqual(Object.values(COMMANDS).sort());
  const known = new Set(contributes.commands.map(({ command }) => command));
  for (const entries of Object.values(contributes.menus)) for (const { command } of entries) expect(known).toContain(command);
});

it('names the view, the panel and the context keys as the code does', () => {
  expect(contributes.views['droplens']?.map(({ id }) => id)).toEqual([VIEW]);
  expect(activationEvents).toContain(`onWebviewPanel:${PANEL}`);
  for (const key of Object.values(CONTEXT)) expect(text).toContain(key);
});

it('reads every setting that it offers', () => {
  const code = sources('src/extension');
  for (const name of Object.keys(contributes.configuration.properties)) expect(code).toContain(`'${name.slice('droplens.'.length)}'`);
});

it('uses every colour that it offers', () => {
  const code = sources('src/extension') ;
  for (const { id } of contributes.colors) expect(code).toContain(`'${id}'`);
});

it('has a text for every %key%, and a use for every text', () => {
  const used = new Set([...text.matchAll(/"%([\w.]+)%"/g)].map(([, key]) => key));
  expect([...used].sort()).toEqual(Object.keys(texts).sort());
});
