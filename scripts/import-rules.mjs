// The house's doors: which folder of src may import what. Read by check-imports.mjs.

/** Folders (longest name wins) → what a file in them may import, besides files of the same top-level folder. */
export const rules = {
  core: { folders: [], packages: [], node: false },
  'core/diagnosis': { folders: [], packages: ['@marcbachmann/cel-js'], node: false },
  'core/runbook': { folders: [], packages: ['markdown-it', 'yaml'], node: false },
  protocol: { folders: ['core'], packages: ['valibot'], node: false },
  collect: { folders: ['core'], packages: ['vscode-uri'], node: true },
  'collect/ssh': { folders: ['core'], packages: ['ssh2', 'ssh-config', 'vscode-uri'], node: true },
  // What server and cli have in common: windows, schedule, report.
  engine: { folders: ['core', 'collect', 'protocol'], packages: ['valibot', 'vscode-uri'], node: true },
  server: {
    folders: ['core', 'collect', 'protocol', 'engine'],
    packages: ['@vscode/l10n', 'valibot', 'vscode-languageserver', 'vscode-uri'],
    node: true,
  },
  cli: {
    folders: ['core', 'collect', 'protocol', 'engine'],
    packages: ['@vscode/l10n', 'valibot', 'vscode-uri'],
    node: true,
  },
  extension: {
    folders: ['protocol'],
    // Names of layers and the like; their code stays in the server.
    types: ['core'],
    packages: ['valibot', 'vscode', 'vscode-uri'],
    node: true,
  },
  'extension/client': {
    folders: ['protocol'],
    types: ['core'],
    packages: ['valibot', 'vscode', 'vscode-languageclient', 'vscode-uri'],
    node: true,
  },
  webview: { folders: ['protocol'], packages: ['valibot'], node: false },
};

/** Packages too big to load at the start: no main.ts reaches them but through an `import()`. */
export const lazyPackages = ['ssh2', 'vscode-languageclient'];
