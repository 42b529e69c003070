// Loads and activates the extension's bundle once, in a process of its own, and prints how long that took as JSON.
// `node test/bench/activate.mjs ROOT`
import Module, { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = process.argv[2];
const commands = [];
const disposable = () => ({ dispose() {} });

/** Answers every property with a function that can be called, constructed and asked for properties in turn. */
function anything() {
  const known = new Map();
  return new Proxy(function () {}, {
    get: (_target, name) => {
      // A thing with `then` would be awaited, one with an iterator walked through.
      if (name === 'then' || typeof name === 'symbol') return undefined;
      if (!known.has(name)) known.set(name, anything());
      return known.get(name);
    },
    set: (_target, name, value) => known.set(name, value) !== undefined,
    apply: () => anything(),
    construct: () => anything(),
  });
}

/** What VS Code's namespaces answer while an extension is activated; the rest is {@link anything}. */
function namespace(own) {
  const rest = anything();
  return new Proxy(own, { get: (target, name) => (Object.hasOwn(target, name) ? target[name] : rest[name]) });
}

const state = () => ({ get: (_key, otherwise) => otherwise, update: async () => undefined, keys: () => [], setKeysForSync() {} });
const vscode = namespace({
  commands: namespace({
    registerCommand: (name) => {
      commands.push(name);
      return disposable();
    },
    executeCommand: async () => undefined,
  }),
  workspace: namespace({ textDocuments: [], workspaceFolders: [], isTrusted: true, getConfiguration: () => ({ get: (_key, otherwise) => otherwise }) }),
  window: namespace({ terminals: [], visibleTextEditors: [] }),
  l10n: { t: (text) => text, uri: undefined, bundle: undefined },
  languages: namespace({ match: () => 0 }),
  env: namespace({ remoteName: undefined, language: 'en' }),
});
const context = namespace({
  subscriptions: [],
  extensionPath: root,
  globalState: state(),
  workspaceState: state(),
  extension: { packageJSON: JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) },
  asAbsolutePath: (path) => join(root, path),
});

const load = Module._load;
Module._load = function (request, ...rest) {
  return request === 'vscode' ? vscode : load.call(this, request, ...rest);
};

const require = createRequire(import.meta.url);
const start = performance.now();
const extension = require(join(root, 'dist', 'extension.js'));
const loaded = performance.now();
await extension.activate(context);
const done = performance.now();
process.stdout.write(JSON.stringify({ load: loaded - start, activate: done - loaded, commands }));
process.exit(0);
