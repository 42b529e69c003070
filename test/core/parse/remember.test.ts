import { expect, test } from 'vitest';
import { parserFor } from '../../../src/core/parse/index.js';
import { rememberingParsers } from '../../../src/core/parse/remember.js';

const texts = ['sockets: used 7\nTCP: inuse 4 orphan 0 tw 0 alloc 6 mem 1\n', 'sockets: used 8\nTCP: inuse 4 orphan 0 tw 0 alloc 6 mem 1\n'] as const;

test('the same text gives the same facts again, another text its own', () => {
  const parse = rememberingParsers(parserFor)('sockstat');
  const first = parse?.(texts[0]);
  expect(first?.gauges.get('sockstat.sockets.used')).toBe(7);
  expect(parse?.(`${texts[0]}`)).toBe(first);
  expect(parse?.(texts[1])).toEqual(parserFor('sockstat')?.(texts[1]));
  expect(parse?.(texts[0])).toEqual(first);
});

test('each source and each host has its own', () => {
  const parsers = rememberingParsers(parserFor);
  const text = texts[0];
  const facts = parsers('sockstat')?.(text);
  expect(parsers('sockstat6')?.(text)).not.toEqual(facts);
  expect(rememberingParsers(parserFor)('sockstat')?.(text)).not.toBe(facts);
});
