import type { Connection } from 'vscode-languageserver/node';
import { DiagnosticSeverity } from 'vscode-languageserver/node';
import { ConditionCompiler } from '../../core/diagnosis/condition.js';
import { english } from '../../core/message.js';
import { parseCause } from '../../core/runbook/cause.js';
import { parseGuide } from '../../core/runbook/guide.js';
import { createMarkdown } from '../../core/runbook/markdown.js';
import type { Problem } from '../../core/runbook/problem.js';
import { findSignal } from '../../core/signals/catalogue.js';

/** Support for people who write runbooks: mistakes under the cursor's line, and what a counter means. */
export function handleLanguage(connection: Connection): void {
  const compiler = new ConditionCompiler();
  const markdown = createMarkdown();
  const texts = new Map<string, string>();

  const check = (uri: string, text: string): void => {
    texts.set(uri, text);
    const problems = problemsOf(text, compiler, markdown);
    void connection.sendDiagnostics({
      uri,
      diagnostics: problems.map((problem) => ({
        message: problem.message,
        severity: DiagnosticSeverity.Error,
        source: 'Droplens',
        range: {
          start: { line: problem.line, character: problem.column },
          end: { line: problem.endLine, character: problem.endColumn },
        },
      })),
    });
  };

  connection.onDidOpenTextDocument(({ textDocument }) => check(textDocument.uri, textDocument.text));
  connection.onDidChangeTextDocument(({ textDocument, contentChanges }) => {
    const last = contentChanges.at(-1);
    if (last) check(textDocument.uri, last.text);
  });
  connection.onDidCloseTextDocument(({ textDocument }) => {
    texts.delete(textDocument.uri);
    void connection.sendDiagnostics({ uri: textDocument.uri, diagnostics: [] });
  });
  connection.onHover(({ textDocument, position }) => {
    const line = texts.get(textDocument.uri)?.split('\n')[position.line] ?? '';
    const name = wordAt(line, position.character);
    const signal = name === undefined ? undefined : findSignal(name.replace(/^(delta|rate|now|min|max)\./, ''));
    return signal ? { contents: { kind: 'plaintext', value: `${signal.id} (${signal.unit})\n${english(signal.meaning)}` } } : null;
  });
}

/** Only files that say what they are get checked; any other Markdown is none of our business. */
function problemsOf(text: string, compiler: ConditionCompiler, markdown: ReturnType<typeof createMarkdown>): readonly Problem[] {
  const kind = /^---\r?\n(?:.*\r?\n)*?kind: *(cause|guide) *\r?\n/.exec(text)?.[1];
  if (kind === 'cause') return parseCause(text, compiler, markdown).problems;
  return kind === 'guide' ? parseGuide(text, markdown).problems : [];
}

/** The dotted name around a column. */
function wordAt(line: string, column: number): string | undefined {
  for (const match of line.matchAll(/[\w.]+/g)) {
    if (match.index <= column && column <= match.index + match[0].length) return match[0];
  }
  return undefined;
}
