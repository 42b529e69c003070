import fc from 'fast-check';
import MarkdownIt from 'markdown-it';
import { describe, expect, test } from 'vitest';
import { english } from '../../../src/core/message.js';
import { incidentReport, type Incident } from '../../../src/core/report/incident.js';
import { code, fenced, plainText } from '../../../src/core/report/markdown.js';

/** The most obliging of renderers: it takes HTML, and makes links of what looks like one. */
const obliging = new MarkdownIt({ html: true, linkify: true });
const render = (markdown: string): string => obliging.render(markdown);
/** What the report itself is made of. */
const OURS = /^<\/?(?:h[123]|p|ul|li|table|thead|tbody|tr|th|td|code|pre|strong|code class="language-(?:sh|text)")>$/;

const HOSTILE = [
  '`', '``` \n# x', '~~~', '|', '\\', '<script>alert(1)</script>', '<img src=x onerror=alert(1)>', '[a](http://evil.example/)', '![a](http://evil.example/x.png)',
  '@everyone', '#1', 'http://evil.example/', 'https://evil.example', 'www.evil.example', 'evil.com', 'a@evil.com', '<http://evil.example>', '&lt;b&gt;', '**b**', '_i_', '~~s~~', '\n\n# head', '\n- item',
  '\n    code', '[^1]', '[x]: http://evil.example', '$(reboot)', '$x^2$', '\u202e', '\u001b[2J', '\u0000', '1. one', '- - -', '+', '===', '\n---\n', ':smile:', 'mailto:a@evil.com', '//evil.com', 'ftp://evil.com',
];

function incident(text: string): Incident {
  return {
    target: text,
    diagnosis: {
      host: { name: text, kernel: text },
      window: { seconds: 3, samples: 4 },
      verdict: 'loss',
      findings: [
        {
          cause: text, title: text, layer: 'transport', direction: text, severity: 'loss', subject: { kind: 'socket', name: text, process: text }, rate: 2, unit: text, summary: text,
          evidence: [{ signal: text, before: 1, after: 7, delta: 6 }],
        },
      ],
      notChecked: [{ what: text, why: text, how: text }],
    },
    at: 0,
    commands: [
      {
        at: 0, runbook: text, command: text, hash: 'h', script: text, env: [[text, text]], exit: 1, seconds: 1.25, output: text, truncated: true, timedOut: false,
      },
    ],
    changes: [{ when: 0, title: text, commands: [text], before: text, after: text, outcome: text, proof: text }],
    product: '1.0.0',
    redacted: true,
  };
}

const report = (text: string): string => incidentReport(incident(text), { translate: english, time: () => '2026-11-20 14:03:07 (UTC)' });

describe('an incident report', () => {
  test('tells host, time, version, verdict, evidence, commands, changes and what was not checked', () => {
    const text = report('eth0');
    expect(text).toMatch(/^# Incident report: eth0\n/);
    for (const part of ['2026-11-20 14:03:07', 'Droplens 1\\.0\\.0', '**Packets, data or connections were lost**', '| `eth0` | 1 | 7 | +6 | 2 |', '## Changes made', '## Commands run', 'exit status 1 after 1\\.3 s', '## Not checked']) {
      expect(text).toContain(part);
    }
    const html = render(text);
    for (const part of ['<h1>', '<h2>Findings</h2>', '<pre><code class="language-text">eth0\n</code></pre>', '<strong>']) expect(html).toContain(part);
    expect(html).not.toContain('\\');
  });

  test.each(HOSTILE)('%j does nothing', (text) => {
    for (const whole of [text, `a ${text}`, `${text} b`, `x${text}y`, `${text}${text}`]) {
      const html = render(report(whole));
      const tags = html.match(/<[^>]*>/g) ?? [];
      expect(tags.filter((tag) => !OURS.test(tag))).toEqual([]);
      // Every part of the report is still where it belongs.
      expect([html.match(/<h1>/g)?.length, html.match(/<h2>/g)?.length, html.match(/<table>/g)?.length, html.match(/<h3>/g)?.length, html.match(/<pre>/g)?.length]).toEqual([1, 4, 4, 3, 3]);
    }
  });

  test('any mixture of them does nothing', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...HOSTILE, 'a', ' ', '\n'), { maxLength: 8 }).map((parts) => parts.join('')), (text) => {
        const html = render(report(text));
        expect((html.match(/<[^>]*>/g) ?? []).filter((tag) => !OURS.test(tag))).toEqual([]);
        expect(html.match(/<h2>/g)).toHaveLength(4);
      }),
      { seed: 19, numRuns: 300 },
    );
  });

  test('people are not mentioned and issues not linked outside of code', () => {
    expect(plainText('@root #12 a@b.c')).not.toMatch(/[@#][\w]/);
  });

  test('a fence is longer than any in the text, and long output is cut', () => {
    expect(fenced('a\n``````\nb', 'text').block).toMatch(/^`{7}text\n/);
    const { block, leftOut } = fenced('x'.repeat(20_000), 'text');
    expect([block.length, leftOut]).toEqual([16_000 + '```text\n\n```'.length, 4_000]);
    expect(code('a``b')).toBe('```a``b```');
    expect(code('`')).toBe('`` ` ``');
    expect(code('')).toBe('–');
  });
});
