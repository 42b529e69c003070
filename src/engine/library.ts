import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ConditionCompiler } from '../core/diagnosis/condition.js';
import type { Command } from '../core/runbook/blocks.js';
import { commandsOf, parseCause, type Cause } from '../core/runbook/cause.js';
import { parseGuide, type Guide } from '../core/runbook/guide.js';
import { createMarkdown } from '../core/runbook/markdown.js';
import type { Problem } from '../core/runbook/problem.js';

/** A runbook with the hash of the file it was parsed from and its commands by id. */
export interface LoadedRunbook {
  readonly document: Guide | Cause;
  readonly hash: string;
  readonly commands: ReadonlyMap<string, Command>;
}

/** All knowledge of the product, parsed once. */
export interface Library {
  readonly guide: Guide;
  readonly causes: readonly Cause[];
  readonly runbooks: ReadonlyMap<string, LoadedRunbook>;
  /** What is wrong with the files, by path relative to the folder. */
  readonly problems: ReadonlyMap<string, readonly Problem[]>;
}

const GUIDE = 'packet-loss.md';
const CAUSES = 'causes';

/**
 * Loads every runbook of a folder (`packet-loss.md`, `causes/*.md`). A file with mistakes is left out and listed in
 * `problems`; a missing guide is an error, since nothing can be shown without it.
 */
export async function loadLibrary(folder: string): Promise<Library> {
  const markdown = createMarkdown();
  const compiler = new ConditionCompiler();
  const problems = new Map<string, readonly Problem[]>();
  const runbooks = new Map<string, LoadedRunbook>();
  const guideText = await readFile(join(folder, GUIDE), 'utf8');
  const parsedGuide = parseGuide(guideText, markdown);
  if (parsedGuide.problems.length > 0) problems.set(GUIDE, parsedGuide.problems);
  const guide = parsedGuide.guide;
  if (guide === undefined) throw new Error(`${GUIDE} cannot be used: ${parsedGuide.problems[0]?.message ?? 'it is empty'}`);
  const guideParts = [...guide.intro, ...guide.steps.flatMap((step) => step.parts)];
  runbooks.set(guide.id, { document: guide, hash: hashOf(guideText), commands: commandsOf(guideParts) });
  const names = (await readdir(join(folder, CAUSES))).filter((name) => name.endsWith('.md')).sort();
  const texts = await Promise.all(names.map((name) => readFile(join(folder, CAUSES, name), 'utf8')));
  const causes: Cause[] = [];
  for (const [index, name] of names.entries()) {
    const text = texts[index] ?? '';
    const parsed = parseCause(text, compiler, markdown);
    if (parsed.problems.length > 0) problems.set(`${CAUSES}/${name}`, parsed.problems);
    if (parsed.cause === undefined) continue;
    causes.push(parsed.cause);
    runbooks.set(parsed.cause.id, { document: parsed.cause, hash: hashOf(text), commands: commandsOf(parsed.cause.parts) });
  }
  return { guide, causes, runbooks, problems };
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
