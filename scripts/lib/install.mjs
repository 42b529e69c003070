// Brings node_modules in line with a lockfile, and does nothing when it already is.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './processes.mjs';

const packagesOf = (file) => {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages ?? {};
  } catch {
    return null; // Never installed, or an installation was interrupted.
  }
};

/** Whether what npm says it installed (its hidden lockfile) is what the lockfile wants. */
export function isInstalled(folder) {
  const wanted = packagesOf(join(folder, 'package-lock.json'));
  const present = packagesOf(join(folder, 'node_modules', '.package-lock.json'));
  if (wanted === null || present === null) return false;
  return Object.entries(wanted).every(
    ([path, entry]) => path === '' || entry.optional === true || present[path]?.version === entry.version,
  );
}

/**
 * `npm ci` where it is needed.
 * @param {string} folder
 * @param {{say: (text: string) => void, args?: string[]}} options
 * @returns {Promise<boolean>} whether something was installed. Throws with npm's last lines when it failed.
 */
export async function install(folder, { say, args = [] }) {
  if (isInstalled(folder)) return false;
  say('Installing packages (npm ci) …');
  const { code, output } = await run(['npm', 'ci', ...args], { cwd: folder, env: npmEnvironment(), limit: 600 });
  if (code !== 0) throw new Error(`npm ci failed in ${folder}:\n${lastLines(output, 20)}`);
  return true;
}

/** The environment without what an outer `npm` call put into it, which an inner one would take for its own. */
export function npmEnvironment() {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^npm_(lifecycle|package|command|execpath|config_local)/i.test(name)),
  );
}

export const lastLines = (text, count) => text.trimEnd().split('\n').slice(-count).join('\n');
