import Renderer, { type MarkdownIt, type Token } from 'markdown-it';
import { parseAttributes, parseCommand, type Command } from './blocks.js';
import type { Problem } from './problem.js';

/** A piece of a section in document order. `html` comes from our own file by a renderer that lets no HTML through. */
export type Part = { readonly kind: 'prose'; readonly html: string } | { readonly kind: 'command'; readonly command: Command };

/** A stretch of a document: what stands before the first step heading, or one step. */
export interface Section {
  readonly heading: string;
  /** Attributes of the heading; `undefined` for the introduction. */
  readonly attributes: ReadonlyMap<string, unknown> | undefined;
  /** Line of the heading in the file, from 0. */
  readonly line: number;
  readonly parts: readonly Part[];
}

/** HTML in the source is shown as text, links are not guessed, and tables carry classes instead of `style` (CSP). */
export function createMarkdown(): MarkdownIt {
  const markdown = new Renderer({ html: false, linkify: false, typographer: false });
  for (const rule of ['th_open', 'td_open'] as const) {
    markdown.renderer.rules[rule] = (tokens, index, options, _env, self) => {
      const token = tokens[index];
      const style = token?.attrGet('style');
      if (token && style) {
        token.attrs = (token.attrs ?? []).filter(([name]) => name !== 'style');
        token.attrJoin('class', `align-${String(style).replace('text-align:', '')}`);
      }
      return self.renderToken(tokens, index, options);
    };
  }
  return markdown;
}

/**
 * Splits a runbook's body at its level-2 headings that carry attributes, and each stretch into prose and commands.
 * `firstLine` is the body's first line in the file.
 */
export function parseSections(markdown: MarkdownIt, body: string, firstLine: number, problems: Problem[]): readonly Section[] {
  const tokens = markdown.parse(body, {});
  const sections: Section[] = [];
  let open = { heading: '', attributes: undefined as ReadonlyMap<string, unknown> | undefined, line: firstLine, parts: [] as Part[] };
  let prose: Token[] = [];
  const seen = new Set<string>();
  const flush = (): void => {
    if (prose.length > 0) open.parts.push({ kind: 'prose', html: markdown.renderer.render(prose, markdown.options, {}) });
    prose = [];
  };
  for (let index = 0; index < tokens.length; index++) {
    const token = tokens[index];
    if (token === undefined) continue;
    const line = firstLine + (token.map?.[0] ?? 0);
    const inline = tokens[index + 1];
    if (token.type === 'heading_open' && token.tag === 'h2' && inline && /\{.*\}\s*$/.test(inline.content)) {
      flush();
      sections.push(open);
      const attributes = parseAttributes(inline.content, line, problems) ?? new Map<string, unknown>();
      open = { heading: inline.content.slice(0, inline.content.indexOf('{')).trim(), attributes, line, parts: [] };
      index += 2;
      continue;
    }
    if (token.type === 'heading_open' && token.tag === 'h1') {
      // The panel shows the front matter's title.
      index += 2;
      continue;
    }
    const command = token.type === 'fence' ? parseCommand(token.info.trim(), token.content, line, problems) : undefined;
    if (command === undefined) {
      prose.push(token);
      continue;
    }
    if (seen.has(command.id)) {
      problems.push({ message: `Two commands are called "${command.id}".`, line, column: 0, endLine: line, endColumn: 200 });
    }
    seen.add(command.id);
    flush();
    open.parts.push({ kind: 'command', command });
  }
  flush();
  sections.push(open);
  return sections;
}
