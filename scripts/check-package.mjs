// Checks of package.json, the lockfiles and what goes into the .vsix. `node scripts/check-package.mjs`, after the build.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { root } from './lib/paths.mjs';
import { packagedFiles } from './package.mjs';

const json = (...names) => JSON.parse(readFileSync(join(root, ...names), 'utf8'));

/** The package holds exactly what vsix-files.txt lists. */
export async function checkFiles() {
  const lines = readFileSync(join(root, 'scripts', 'vsix-files.txt'), 'utf8').split('\n');
  const patterns = lines.filter((line) => line !== '' && !line.startsWith('#'));
  const matches = (pattern, file) => {
    const escaped = pattern.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '[^/]*');
    return new RegExp(`^${escaped}$`).test(file);
  };
  const files = await packagedFiles();
  const unlisted = files.filter((file) => !patterns.some((pattern) => matches(pattern, file)));
  const unmatched = patterns.filter((pattern) => !files.some((file) => matches(pattern, file)));
  return [
    ...unlisted.map((file) => `the .vsix holds ${file}, which scripts/vsix-files.txt does not list`),
    ...unmatched.map((pattern) => `the .vsix lacks ${pattern}`),
  ];
}

/** Every text of package.json that a person sees is a key of package.nls.json; no key is left over or missing. */
export function checkTexts() {
  const manifest = json('package.json');
  const english = json('package.nls.json');
  const used = new Set();
  const problems = [];
  const visible = /^(title|description|markdownDescription|label|contents|category|displayName|deprecationMessage|enumDescriptions|markdownEnumDescriptions)$/;
  const visit = (value, path) => {
    if (typeof value === 'string') {
      const key = /^%(.+)%$/.exec(value)?.[1];
      const name = path.findLast((part) => typeof part === 'string');
      if (key !== undefined) used.add(key);
      else if (visible.test(name) || (name === 'name' && path.includes('views'))) {
        problems.push(`package.json: ${path.join('.')} is not a key of package.nls.json`);
      }
    } else if (typeof value === 'object' && value !== null) {
      for (const [key, child] of Object.entries(value)) visit(child, [...path, Array.isArray(value) ? Number(key) : key]);
    }
  };
  for (const name of ['displayName', 'description', 'capabilities', 'contributes']) visit(manifest[name], [name]);
  for (const key of used) if (!Object.hasOwn(english, key)) problems.push(`package.nls.json lacks ${key}`);
  for (const key of Object.keys(english)) if (!used.has(key)) problems.push(`package.nls.json: ${key} is not used`);
  for (const file of readdirSync(root).filter((name) => /^package\.nls\..+\.json$/.test(name))) {
    const translated = json(file);
    for (const key of Object.keys(english)) if (!Object.hasOwn(translated, key)) problems.push(`${file} lacks ${key}`);
    for (const key of Object.keys(translated)) {
      if (!Object.hasOwn(english, key)) problems.push(`${file}: ${key} is not a key of package.nls.json`);
    }
  }
  return problems;
}

/** Exact versions; lockfiles that name no registry and are in step with package.json. */
export function checkLockfiles() {
  return [[], ['test', 'e2e']].flatMap((folder) => {
    const manifest = json(...folder, 'package.json');
    const lock = json(...folder, 'package-lock.json');
    const where = [...folder, 'package-lock.json'].join('/');
    const problems = Object.entries(lock.packages)
      .filter(([, entry]) => entry.resolved !== undefined)
      .map(([name]) => `${where}: ${name} has a resolved URL`);
    for (const kind of ['dependencies', 'devDependencies']) {
      const wanted = manifest[kind] ?? {};
      const locked = lock.packages[''][kind] ?? {};
      for (const [name, version] of Object.entries(wanted)) {
        if (!/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version)) problems.push(`package.json: ${name} has no exact version`);
        if (locked[name] !== version) problems.push(`${where} is out of step with package.json: ${name}`);
      }
      for (const name of Object.keys(locked)) {
        if (wanted[name] === undefined) problems.push(`${where} is out of step with package.json: ${name}`);
      }
    }
    return problems;
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const problems = [...(await checkFiles()), ...checkTexts(), ...checkLockfiles()];
  for (const problem of problems) console.error(problem);
  process.exitCode = problems.length > 0 ? 1 : 0;
}
