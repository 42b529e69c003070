import { readdir, readFile } from 'node:fs/promises';
import { isAbsolute, join, parse, sep } from 'node:path';
import { matchPattern } from '../pattern.js';

/** How the files of an ssh configuration are read. */
export interface ConfigFiles {
  /** Text of a file; `undefined` when there is none. Rejects when it is there and cannot be read. */
  read(path: string): Promise<string | undefined>;
  /** Files that an absolute `Include` pattern (`*`, `?`) names, in lexical order. */
  glob(pattern: string): Promise<readonly string[]>;
}

/** The files of this machine. */
export const localConfigFiles: ConfigFiles = {
  async read(path) {
    try {
      return await readFile(path, 'utf8');
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  },
  async glob(pattern) {
    if (!isAbsolute(pattern)) return [];
    const { root } = parse(pattern);
    let found = [root];
    for (const part of pattern.slice(root.length).split(sep === '\\' ? /[/\\]/ : '/')) {
      if (part === '') continue;
      found = /[*?]/.test(part)
        ? (await Promise.all(found.map((folder) => entriesLike(folder, part)))).flat()
        : found.map((folder) => join(folder, part));
    }
    return found;
  },
};

/** Entries of a folder that match; hidden ones only when the pattern begins with a dot (glob(7)). */
async function entriesLike(folder: string, pattern: string): Promise<string[]> {
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
  return names
    .filter((name) => matchPattern(name, pattern) && (!name.startsWith('.') || pattern.startsWith('.')))
    .sort()
    .map((name) => join(folder, name));
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
}
