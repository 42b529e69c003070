// Checks every import of src against import-rules.mjs and looks for cycles. `node scripts/check-imports.mjs [SRC]`.
import { readdirSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join, posix, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { lazyPackages, rules } from './import-rules.mjs';
import { root } from './lib/paths.mjs';

/**
 * Imports of one file.
 * @returns {{path: string, line: number, kind: 'static' | 'type' | 'dynamic'}[]}
 */
export function importsOf(text, name = 'file.ts') {
  const source = ts.createSourceFile(name, text, ts.ScriptTarget.Latest, true);
  const found = [];
  const add = (specifier, kind) => {
    const { line } = source.getLineAndCharacterOfPosition(specifier.getStart(source));
    const path = ts.isStringLiteralLike(specifier) ? specifier.text : null;
    found.push({ path, line: line + 1, kind });
  };
  const allTypes = (bindings) =>
    bindings !== undefined &&
    (ts.isNamedImports(bindings) || ts.isNamedExports(bindings)) &&
    bindings.elements.length > 0 &&
    bindings.elements.every((element) => element.isTypeOnly);
  const visit = (node) => {
    if (ts.isImportDeclaration(node)) {
      const clause = node.importClause;
      const typeOnly = clause?.isTypeOnly || (clause?.name === undefined && allTypes(clause?.namedBindings));
      add(node.moduleSpecifier, typeOnly ? 'type' : 'static');
    } else if (ts.isExportDeclaration(node) && node.moduleSpecifier) {
      add(node.moduleSpecifier, node.isTypeOnly || allTypes(node.exportClause) ? 'type' : 'static');
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      add(node.argument.literal, 'type');
    } else if (ts.isImportEqualsDeclaration(node) && ts.isExternalModuleReference(node.moduleReference)) {
      add(node.moduleReference.expression, 'static');
    } else if (ts.isCallExpression(node)) {
      if (node.expression.kind === ts.SyntaxKind.ImportKeyword) add(node.arguments[0], 'dynamic');
      else if (ts.isIdentifier(node.expression) && node.expression.text === 'require') add(node.arguments[0], 'static');
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

const inside = (file, folder) => file === folder || file.startsWith(`${folder}/`);
const packageName = (path) => path.split('/', path.startsWith('@') ? 2 : 1).join('/');

/** What is wrong with one import, as a sentence, or `null`. `file` and the import's path are relative to src. */
function problemOf(file, { path, kind }) {
  const folder = Object.keys(rules)
    .filter((name) => inside(file, name))
    .sort((a, b) => b.length - a.length)[0];
  if (folder === undefined) return `is in none of the folders of the house (${Object.keys(rules).join(', ')})`;
  const rule = rules[folder];
  const top = folder.split('/')[0];
  if (path === null) return 'imports something that is not a literal path';
  if (path.startsWith('.')) {
    if (!/\.(js|json)$/.test(path)) return `imports "${path}", which does not end in .js`;
    const target = posix.join(posix.dirname(file), path);
    // The version, which the command line tells.
    if (target === '../package.json' && rule.node) return null;
    if (target.startsWith('..')) return `imports "${path}", which lies outside src`;
    const allowed = kind === 'type' ? [top, ...rule.folders, ...(rule.types ?? [])] : [top, ...rule.folders];
    if (allowed.some((name) => inside(target, name))) return null;
    const typesOnly = (rule.types ?? []).some((name) => inside(target, name));
    return typesOnly ? `imports a value from "${path}"; ${top} takes only types from there` : `must not import "${path}"`;
  }
  if (isBuiltin(path)) {
    if (!rule.node) return `must not import Node's "${path}"`;
    return path.startsWith('node:') ? null : `imports "${path}" without node:`;
  }
  return rule.packages.includes(packageName(path)) ? null : `must not import the package "${path}"`;
}

/** Loops of files that load each other when they start. */
function cycles(graph) {
  const found = [];
  const state = new Map();
  const visit = (file, trail) => {
    state.set(file, 'open');
    for (const next of graph.get(file) ?? []) {
      if (state.get(next) === 'open') found.push([...trail.slice(trail.indexOf(next)), next].join(' → '));
      else if (!state.has(next)) visit(next, [...trail, next]);
    }
    state.set(file, 'done');
  };
  for (const file of graph.keys()) if (!state.has(file)) visit(file, [file]);
  return found;
}

/** Ways by which a program loads a lazy package when it starts. */
function eagerLoads(graph, packages) {
  return [...graph.keys()].filter((file) => /^[^/]+\/main\.ts$/.test(file)).flatMap((main) => {
    const found = [];
    const trails = new Map([[main, [main]]]);
    // The map grows while it is walked: each file once, by a shortest way.
    for (const [file, trail] of trails) {
      for (const name of packages.get(file)) {
        if (lazyPackages.includes(name)) found.push(`${name} is loaded at the start: ${[...trail, name].join(' → ')}`);
      }
      for (const next of graph.get(file) ?? []) if (graph.has(next) && !trails.has(next)) trails.set(next, [...trail, next]);
    }
    return found;
  });
}

/**
 * All problems of a source folder, one line each, and how many files were read.
 * @param {string} src
 * @returns {{files: number, problems: string[]}}
 */
export function checkImports(src) {
  const files = readdirSync(src, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.[cm]?tsx?$/.test(entry.name))
    .map((entry) => relative(src, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .sort();
  const problems = [];
  const graph = new Map();
  const packages = new Map();
  for (const file of files) {
    const imports = importsOf(readFileSync(join(src, file), 'utf8'), file);
    for (const one of imports) {
      const problem = problemOf(file, one);
      if (problem !== null) problems.push(`src/${file}:${one.line} ${problem}`);
    }
    const started = imports.flatMap(({ kind, path }) => (kind === 'static' && path !== null ? [path] : []));
    const near = started.filter((path) => path.startsWith('.'));
    graph.set(
      file,
      near.map((path) => posix.join(posix.dirname(file), path).replace(/\.js$/, '.ts')),
    );
    packages.set(file, started.filter((path) => !path.startsWith('.')).map(packageName));
  }
  problems.push(...cycles(graph).map((loop) => `import cycle: ${loop}`), ...eagerLoads(graph, packages));
  return { files: files.length, problems };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { files, problems } = checkImports(process.argv[2] ?? join(root, 'src'));
  for (const problem of problems) console.error(problem);
  console.log(`${files} files, ${problems.length} problems`);
  process.exitCode = problems.length > 0 || files === 0 ? 1 : 0;
}
