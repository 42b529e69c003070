import { isMap, parseDocument, type YAMLMap } from 'yaml';
import { Fields } from './fields.js';
import { Positions, type Problem } from './problem.js';

export type { Placed } from './fields.js';

/** The YAML head of a runbook: reads keys, remembers where they are, gathers what is wrong with them. */
export class FrontMatter extends Fields {
  readonly problems: Problem[];
  /** The Markdown after the front matter. */
  readonly body: string;
  /** Line of the file on which the body begins, from 0. */
  readonly bodyLine: number;
  readonly #positions: Positions;

  constructor(file: string) {
    const positions = new Positions(file);
    const problems: Problem[] = [];
    const complain = (message: string, start: number, end: number): void => {
      problems.push(positions.problem(message, start, end));
    };
    const head = splitHead(file);
    let map: YAMLMap | undefined;
    if (head === undefined) complain('A runbook begins with a front matter between two lines of ---.', 0, 3);
    else {
      const document = parseDocument(head.yaml, { strict: true, maxAliasCount: 0 } as Parameters<typeof parseDocument>[1]);
      for (const error of document.errors) {
        complain(error.message.split('\n', 1)[0] ?? 'not valid YAML', head.offset + error.pos[0], head.offset + error.pos[1]);
      }
      map = isMap(document.contents) ? document.contents : undefined;
      if (map === undefined) complain('The front matter is a list of "key: value" lines.', head.offset, head.offset + head.yaml.length);
    }
    super(map, head?.offset ?? 0, complain);
    this.problems = problems;
    this.#positions = positions;
    this.body = head?.body ?? file;
    this.bodyLine = head?.bodyLine ?? 0;
  }

  problemAt(message: string, start: number, end: number): void {
    this.problems.push(this.#positions.problem(message, start, end));
  }
}

interface Head {
  readonly yaml: string;
  /** Where the YAML begins in the file. */
  readonly offset: number;
  readonly body: string;
  readonly bodyLine: number;
}

function splitHead(file: string): Head | undefined {
  const match = /^---\r?\n([\s\S]*?)^---[ \t]*\r?(?:\n|$)/m.exec(file);
  if (!match || match.index !== 0) return undefined;
  return {
    yaml: match[1] ?? '',
    offset: match[0].indexOf('\n') + 1,
    body: file.slice(match[0].length),
    bodyLine: match[0].split('\n').length - 1,
  };
}
