// Collects every English text that a person sees into l10n/bundle.l10n.json: the first arguments of `msg('…')` and
// `vscode.l10n.t('…')`. `node scripts/l10n.mjs` writes the file, `--check` compares with the committed one.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { root } from './lib/paths.mjs';

const folder = join(root, 'l10n');
const bundle = join(folder, 'bundle.l10n.json');

/** `msg(…)`, `l10n.t(…)` or `vscode.l10n.t(…)`. */
function marksText(callee) {
  if (ts.isIdentifier(callee)) return callee.text === 'msg';
  if (!ts.isPropertyAccessExpression(callee) || callee.name.text !== 't') return false;
  const owner = callee.expression;
  return (ts.isPropertyAccessExpression(owner) ? owner.name : owner).getText() === 'l10n';
}

const isTable = ts.isObjectLiteralExpression;

/**
 * Texts of one source file.
 * @returns {{texts: string[], problems: string[]}} a problem is a text that cannot be looked up: it is no literal
 */
export function extract(text, name) {
  const source = ts.createSourceFile(name, text, ts.ScriptTarget.Latest, true);
  const texts = [];
  const problems = [];
  const complain = (node, why) => {
    const { line } = source.getLineAndCharacterOfPosition(node.getStart(source));
    problems.push(`${name}:${line + 1} ${why}`);
  };
  const visit = (node) => {
    if (ts.isCallExpression(node) && marksText(node.expression)) {
      const [first, ...values] = node.arguments;
      if (first === undefined || !ts.isStringLiteralLike(first)) {
        complain(node, 'the text is not a literal, so that it cannot be translated');
      } else {
        texts.push(first.text);
        const places = [...first.text.matchAll(/\{(\d+)\}/g)].map((match) => Number(match[1]));
        const known = values.length > 0 && !values.some((value) => ts.isSpreadElement(value) || isTable(value));
        // Without any values the template itself is wanted: somebody else fills it.
        const missing = [...new Set(places)].filter((place) => known && place >= values.length);
        if (missing.length > 0) complain(node, `no value for {${missing.join('}, {')}}`);
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return { texts, problems };
}

/** Texts of all of src, sorted, and what is wrong. */
export function extractAll(src = join(root, 'src')) {
  const texts = new Set();
  const problems = [];
  for (const entry of readdirSync(src, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !entry.name.endsWith('.ts')) continue;
    const file = join(entry.parentPath, entry.name);
    const found = extract(readFileSync(file, 'utf8'), relative(root, file));
    for (const text of found.texts) texts.add(text);
    problems.push(...found.problems);
  }
  return { texts: [...texts].sort(), problems };
}

/** What is wrong with the committed bundles: old, or a translation that lacks or invents a placeholder. */
export function checkBundles() {
  const { texts, problems } = extractAll();
  const committed = new Set(Object.keys(read(bundle)));
  const missing = texts.filter((text) => !committed.has(text));
  const left = [...committed].filter((text) => !texts.includes(text));
  for (const text of missing) problems.push(`l10n/bundle.l10n.json lacks ${JSON.stringify(text)}`);
  for (const text of left) problems.push(`l10n/bundle.l10n.json still has ${JSON.stringify(text)}`);
  if (missing.length + left.length > 0) problems.push('run `npm run l10n` and commit l10n/bundle.l10n.json');
  const places = (text) => [...new Set(text.match(/\{\d+\}/g))].sort().join();
  for (const name of readdirSync(folder).filter((file) => /^bundle\.l10n\..+\.json$/.test(file))) {
    for (const [english, translated] of Object.entries(read(join(folder, name)))) {
      if (places(english) !== places(translated)) problems.push(`l10n/${name}: other placeholders in ${JSON.stringify(english)}`);
    }
  }
  return { texts: texts.length, problems };
}

function read(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    if (error.code === 'ENOENT') return {};
    throw error;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (!process.argv.includes('--check')) {
    const { texts } = extractAll();
    writeFileSync(bundle, `${JSON.stringify(Object.fromEntries(texts.map((text) => [text, text])), null, 2)}\n`);
  }
  const { texts, problems } = checkBundles();
  for (const problem of problems) console.error(problem);
  console.log(`${texts} texts, ${problems.length} problems`);
  process.exitCode = problems.length > 0 || texts === 0 ? 1 : 0;
}
