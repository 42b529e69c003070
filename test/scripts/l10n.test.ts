import { expect, test } from 'vitest';
import { extract } from '../../scripts/l10n.mjs';

test('takes the texts of all three ways of marking one', () => {
  const source = `
    msg('In the core {0}', 1);
    vscode.l10n.t('In the extension');
    l10n.t("With a \\"quote\\" and {0}", name);
    l10n.t('A template for the page: {0}');
    other.t('not ours'); message('nor this');`;
  expect(extract(source, 'a.ts')).toEqual({
    texts: ['In the core {0}', 'In the extension', 'With a "quote" and {0}', 'A template for the page: {0}'],
    problems: [],
  });
});

test('names the place of a text that nobody could translate', () => {
  const source = `msg('fine');\nmsg(\`not \${fine}\`);\nl10n.t(text);\nmsg('{0} and {1}', one);`;
  const { texts, problems } = extract(source, 'a.ts');
  expect(texts).toEqual(['fine', '{0} and {1}']);
  expect(problems).toEqual([
    'a.ts:2 the text is not a literal, so that it cannot be translated',
    'a.ts:3 the text is not a literal, so that it cannot be translated',
    'a.ts:4 no value for {1}',
  ]);
});
