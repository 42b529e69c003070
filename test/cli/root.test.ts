import { expect, it } from 'vitest';
import { parseInvocation } from '../../src/cli/args.js';

it('root is asked for by a word of its own, and never by default', () => {
  expect(parseInvocation(['diagnose'])).toMatchObject({ kind: 'diagnose', root: false });
  expect(parseInvocation(['diagnose', 'local:/', '--root'])).toMatchObject({ kind: 'diagnose', root: true });
  expect(parseInvocation(['sample', '--root'])).toMatchObject({ kind: 'wrong' });
});
