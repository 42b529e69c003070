import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ConditionCompiler } from '../../src/core/diagnosis/condition.js';
import { parseCause } from '../../src/core/runbook/cause.js';
import { parseGuide } from '../../src/core/runbook/guide.js';
import { createMarkdown } from '../../src/core/runbook/markdown.js';
import { checkParam } from '../../src/core/runbook/params.js';

const markdown = createMarkdown();
const compiler = new ConditionCompiler();
const head = (...lines: readonly string[]): string => ['---', ...lines, '---', ''].join('\n');
const block = (attributes: string, script = 'true'): string => `\`\`\`sh ${attributes}\n${script}\n\`\`\`\n`;

const CAUSE = ['kind: cause', 'id: x', 'title: X', 'layer: link', 'direction: tx', 'step: qdisc', 'loss: delta.Ip.OutDiscards > 0', 'summary: s'];
const cause = (lines: readonly string[], body = '') => parseCause(head(...lines) + body, compiler, markdown);
const guide = (body: string) => parseGuide(head('kind: guide', 'id: g', 'title: G') + body, markdown);

describe('a cause', () => {
  test('is read with its conditions, its text and its commands', () => {
    const parsed = cause(CAUSE, `# X\n\nText with *stress*.\n\n${block('{"id":"a","label":"Look","droplens.risk":"read-only","droplens.tools":"tc ip"}', 'tc -s qdisc')}\nAfter.\n`);
    expect(parsed.problems).toEqual([]);
    expect(parsed.cause).toMatchObject({ id: 'x', layer: 'link', direction: 'tx', subject: 'host', rules: [{ severity: 'loss', perRow: false }] });
    expect(parsed.cause?.parts.map((part) => part.kind)).toEqual(['prose', 'command', 'prose']);
    expect(parsed.cause?.parts[1]).toMatchObject({ command: { id: 'a', risk: 'read-only', tools: ['tc', 'ip'], script: 'tc -s qdisc' } });
  });

  test.each([
    ['an unknown layer', CAUSE.map((line) => line.replace('link', 'sky')), 'is not one of', 4],
    ['an unknown key', [...CAUSE, 'losss: x'], 'Unknown key', 9],
    ['a missing title', CAUSE.filter((line) => !line.startsWith('title')), '"title" is missing', 0],
    ['a condition that is not one', CAUSE.map((line) => line.replace('> 0', '>')), 'Unexpected token', 7],
    ['an unknown name', CAUSE.map((line) => line.replace('delta', 'gamma')), 'Unknown variable: gamma', 7],
    ['a row in a condition about the host', CAUSE.map((line) => line.replace('delta.Ip.OutDiscards', 'it.now.x')), 'Unknown variable: it', 7],
    ['YAML that is none', [...CAUSE, 'note: [a, b'], ']', 9],
    ['no condition', CAUSE.filter((line) => !line.startsWith('loss')), 'at least one of', 0],
  ])('%s is reported in its place', (_name, lines, message, line) => {
    const { problems } = cause(lines);
    expect(problems.map((problem) => problem.message).join('\n')).toContain(message);
    expect(problems.some((problem) => problem.line === line)).toBe(true);
  });

  test('a mistake in a quoted condition points into the quotes', () => {
    const { problems } = cause(CAUSE.map((line) => (line.startsWith('loss') ? 'loss: nope > 0' : line)));
    expect(problems).toMatchObject([{ line: 7, column: 6, endColumn: 10 }]);
  });

  test('a definition is used by name, may use those above it, and must exist', () => {
    const lines = [...CAUSE.map((line) => (line.startsWith('loss') ? 'loss: def.double > 3' : line)), 'define:', '  gap: delta.Ip.OutDiscards - 1', '  double: def.gap * 2'];
    const parsed = cause(lines);
    expect(parsed.problems).toEqual([]);
    expect(parsed.cause?.rules[0]?.condition.references).toEqual([{ root: 'delta', path: 'Ip.OutDiscards' }]);
    const missing = cause(CAUSE.map((line) => (line.startsWith('loss') ? 'loss: def.nothing > 3' : line)));
    expect(missing.problems.map((problem) => [problem.line, problem.message])).toContainEqual([7, 'Nothing is defined under the name def.nothing.']);
  });

  test('conditions that name the row are tried for each, others once', () => {
    const rows = [...CAUSE.map((line) => (line.startsWith('loss') ? 'loss: it.delta.dropped > 0' : line)), 'subject: qdisc', 'history: now.Ip.OutDiscards > 0', 'otherwise: delta.Ip.OutDiscards > 5'];
    expect(cause(rows).cause?.rules.map((rule) => [rule.severity, rule.perRow])).toEqual([
      ['loss', true],
      ['loss', false],
      ['history', false],
    ]);
  });
});

describe('commands', () => {
  const command = (attributes: string) => {
    const parsed = cause(CAUSE, block(attributes));
    const part = parsed.cause?.parts.find((candidate) => candidate.kind === 'command');
    return { problems: parsed.problems.map((problem) => problem.message), command: part?.kind === 'command' ? part.command : undefined };
  };

  test('without a known mark a command counts as one that changes the host', () => {
    expect(command('{"id":"a","droplens.undo":"x"}').command?.risk).toBe('changes');
    const unknown = command('{"id":"a","droplens.risk":"harmless","droplens.undo":"x"}');
    expect(unknown.command?.risk).toBe('changes');
    expect(unknown.problems.join()).toContain('counts as changes');
  });

  test('what changes the host carries its undo', () => {
    expect(command('{"id":"a","droplens.risk":"changes"}').problems.join()).toContain('droplens.undo');
  });

  test('time is bounded, parameters are from the list', () => {
    expect(command('{"id":"a","droplens.risk":"read-only","droplens.timeout":"9999"}').command?.timeoutSeconds).toBe(120);
    expect(command('{"id":"a","droplens.risk":"read-only","droplens.params":"HOST LD_PRELOAD"}')).toMatchObject({
      command: { params: ['HOST'] },
      problems: [expect.stringContaining('LD_PRELOAD')],
    });
  });

  test('a block of another language, or without an id, is text', () => {
    const parsed = cause(CAUSE, '```yaml {"id":"a"}\nx\n```\n\n```sh\nls\n```\n');
    expect(parsed.cause?.parts).toMatchObject([{ kind: 'prose' }]);
  });

  test('two commands of one name are a mistake', () => {
    const twice = block('{"id":"a","droplens.risk":"read-only"}');
    expect(cause(CAUSE, twice + '\n' + twice).problems.map((problem) => problem.message)).toEqual(['Two commands are called "a".']);
  });
});

describe('the guide', () => {
  test('has steps by its headings', () => {
    const parsed = guide('Intro.\n\n## One {"id":"one","layer":"link","show":["qdisc"]}\n\ntext\n\n### Inside\n\n## Two {"id":"two","layer":"path"}\n\n## No step\n');
    expect(parsed.problems).toEqual([]);
    expect(parsed.guide?.steps.map((step) => [step.id, step.title, step.layer, step.show])).toEqual([
      ['one', 'One', 'link', ['qdisc']],
      ['two', 'Two', 'path', []],
    ]);
  });

  test('mistakes in a heading are reported on its line', () => {
    const { problems } = guide('\n## One {"id":"one","layer":"nowhere"}\n\n## Two {id: two}\n');
    expect(problems.map((problem) => problem.line)).toEqual([6, 8, 8]);
  });

  test('HTML in a runbook is text, and nothing carries a style', () => {
    const parsed = guide('<script>alert(1)</script>\n\n<img src=x onerror=y>\n\n[a](javascript:alert(1))\n\n| a | b |\n|:-|-:|\n| 1 | 2 |\n');
    const html = parsed.guide?.intro.map((part) => (part.kind === 'prose' ? part.html : '')).join('') ?? '';
    expect(html).not.toMatch(/<script|<img|href="javascript|style=/);
    expect(html).toContain('class="align-right"');
  });
});

test('any text is parsed without a throw, and every problem has a place', () => {
  const piece = fc.constantFrom('---\n', 'kind: cause\n', 'id: x\n', 'loss: ', 'delta.A.b > 0', '\n', '## A {"id":1}\n', '```sh {"id":"a"}\n', '```\n', '{', '}', '"', ': ', '- ', '\t', '&a ', '*a', '<<: ', '!!js ', '\u0000');
  const text = fc.array(fc.oneof(piece, fc.string({ maxLength: 8 })), { maxLength: 30 }).map((parts) => parts.join(''));
  fc.assert(
    fc.property(text, (file) => {
      for (const problem of [...parseCause(file, compiler, markdown).problems, ...parseGuide(file, markdown).problems]) {
        expect(problem.line).toBeGreaterThanOrEqual(0);
        expect(problem.column).toBeGreaterThanOrEqual(0);
      }
    }),
    { seed: 4711, numRuns: 3_000 },
  );
});

test.each([
  ['HOST', 'web-1.example.org', true],
  ['HOST', '2001:db8::1', true],
  ['HOST', '-oProxyCommand=x', false],
  ['HOST', 'a b', false],
  ['HOST', '$(reboot)', false],
  ['HOST', '', false],
  ['INTERFACE', 'eth0.100', true],
  ['INTERFACE', '$(reboot)', true],
  ['INTERFACE', 'a/b', false],
  ['INTERFACE', 'sixteen-letters-', false],
  ['INTERFACE', '-x', false],
  ['PPROF_URL', 'http://127.0.0.1:6060', true],
  ['PPROF_URL', 'file:///etc/passwd', false],
  ['PPROF_URL', "http://x/'; reboot", false],
  ['PORT', '65535', true],
  ['PORT', '0', false],
  ['PORT', '1e3', false],
  ['SECONDS', '60', true],
  ['SECONDS', '61', false],
  ['SIZE', '4096', true],
  ['SIZE', '-1', false],
] as const)('%s=%j is acceptable: %s', (name, value, acceptable) => {
  expect(checkParam(name, value) === undefined).toBe(acceptable);
});
