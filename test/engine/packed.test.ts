import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Packer } from '../../src/engine/packed.js';

test('what is packed comes out as it went in, whatever was packed first', () => {
  fc.assert(
    fc.property(fc.array(fc.array(fc.record({ name: fc.string(), text: fc.string({ unit: 'binary' }) }), { maxLength: 4 }), { minLength: 1 }), (values) => {
      const packer = new Packer<unknown>();
      const packed = values.map((value) => packer.pack(value));
      expect(packed.map((each) => packer.unpack(each))).toEqual(values);
    }),
    { seed: 7 },
  );
});

test('values that are much alike take little', () => {
  const packer = new Packer<unknown>();
  const answer = (at: number): string => Array.from({ length: 800 }, (_, line) => `counter${line} ${line * 7919 + (line % 40 === 0 ? at : 0)}`).join('\n');
  packer.pack(answer(4));
  expect(packer.pack(answer(5)).length).toBeLessThan(answer(5).length / 10);
});
