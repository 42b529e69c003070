import type { MarkdownIt } from 'markdown-it';
import { LAYERS, type Layer } from '../layers.js';
import { FrontMatter } from './frontMatter.js';
import { parseSections, type Part, type Section } from './markdown.js';
import { inOrder, lineProblem, type Problem } from './problem.js';

/** One step of a guide. */
export interface Step {
  readonly id: string;
  readonly title: string;
  readonly layer: Layer;
  /** Tables and signals that are shown live. */
  readonly show: readonly string[];
  readonly parts: readonly Part[];
  readonly line: number;
}

/** A document that is walked through from top to bottom. */
export interface Guide {
  readonly kind: 'guide';
  readonly id: string;
  readonly title: string;
  readonly intro: readonly Part[];
  readonly steps: readonly Step[];
}

/** Parses a guide. Never throws: whatever is wrong is listed with its place. */
export function parseGuide(file: string, markdown: MarkdownIt): { readonly guide: Guide | undefined; readonly problems: readonly Problem[] } {
  const head = new FrontMatter(file);
  head.choice('kind', ['guide']);
  const id = head.text('id', true);
  const title = head.text('title', true);
  head.finish();
  const problems = [...head.problems];
  const sections = parseSections(markdown, head.body, head.bodyLine, problems);
  const steps: Step[] = [];
  const seen = new Set<string>();
  for (const section of sections) {
    if (section.attributes === undefined) continue;
    const step = stepOf(section, problems);
    if (step === undefined) continue;
    if (seen.has(step.id)) problems.push(lineProblem(`Two steps are called "${step.id}".`, step.line));
    seen.add(step.id);
    steps.push(step);
  }
  if (!id || !title) return { guide: undefined, problems: inOrder(problems) };
  return { guide: { kind: 'guide', id: id.text, title: title.text, intro: sections[0]?.parts ?? [], steps }, problems: inOrder(problems) };
}

function stepOf(section: Section, problems: Problem[]): Step | undefined {
  const id = section.attributes?.get('id');
  const layer = LAYERS.find((known) => known === section.attributes?.get('layer'));
  const show = section.attributes?.get('show') ?? [];
  if (typeof id !== 'string' || layer === undefined) {
    problems.push(lineProblem('A step has an "id" and a "layer".', section.line));
    return undefined;
  }
  if (!Array.isArray(show) || !show.every((name) => typeof name === 'string')) {
    problems.push(lineProblem('"show" is a list of tables and signals.', section.line));
    return undefined;
  }
  return { id, title: section.heading, layer, show: show as readonly string[], parts: section.parts, line: section.line };
}
