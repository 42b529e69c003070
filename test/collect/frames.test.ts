import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { frameMark, FrameReader, type Frame, type FrameEvent } from '../../src/collect/probe/frames.js';

const NONCE = '0123456789abcdef0123456789abcdef';
const MARK = frameMark(NONCE);
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** What the probe prints for a frame. */
function printed(frame: Frame): string {
  const parts = frame.parts.map(
    (part) => `\n${MARK} part ${part.name}\n${part.text}${part.status === undefined ? '' : `\n${MARK} done ${part.status}\n`}`,
  );
  return `\n${MARK} begin ${frame.seq}\n${parts.join('')}\n${MARK} end ${frame.seq}\n`;
}

function readAll(chunks: readonly Uint8Array[], limit?: number): FrameEvent[] {
  const reader = new FrameReader(NONCE, limit);
  return [...chunks.flatMap((chunk) => reader.push(chunk)), ...reader.finish()];
}

function cut(data: Uint8Array, at: readonly number[]): Uint8Array[] {
  const edges = [0, ...at.map((edge) => edge % (data.length + 1)).sort((a, b) => a - b), data.length];
  return edges.slice(1).map((end, index) => data.slice(edges[index], end));
}

const frameOf = (seq: number, text = 'hello\n'): Frame => ({ seq, parts: [{ name: 'files', text, status: 0 }] });

const anyText = fc.string({ unit: 'binary' }).filter((text) => !text.includes('\r') && !text.includes('\u{feff}'));
const anyFrame = fc.record({
  seq: fc.nat({ max: 1e9 }),
  parts: fc.array(
    fc.record({ name: fc.constantFrom('files', 'ss_listen', 'sysctl.net.core'), text: anyText, status: fc.nat({ max: 255 }) }),
    { maxLength: 4 },
  ),
});
const anyNoise = fc.array(fc.oneof(anyText, fc.constantFrom(`x ${MARK} begin 7`, 'Welcome!', MARK, `${MARK.slice(0, -1)} end 3`))).map((lines) => lines.join('\n'));

describe('FrameReader', () => {
  it('reads the same frames however the bytes are cut, with noise between them, with either line end', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(anyNoise, anyFrame), { maxLength: 4 }), anyNoise, fc.array(fc.nat()), fc.boolean(), (frames, tail, cuts, crlf) => {
        const text = frames.map(([noise, frame]) => noise + printed(frame)).join('') + tail;
        const data = bytes(crlf ? text.replaceAll('\n', '\r\n') : text);
        expect(readAll(cut(data, cuts))).toEqual(frames.map(([, frame]) => ({ kind: 'frame', frame })));
      }),
      { seed: 3, numRuns: 1_000 },
    );
  });

  it('reads frames that arrive byte by byte', () => {
    const data = bytes(`banner\n${printed(frameOf(0))}${printed(frameOf(1, 'é 😀'))}`);
    expect(readAll([...data].map((byte) => new Uint8Array([byte])))).toEqual([
      { kind: 'frame', frame: frameOf(0) },
      { kind: 'frame', frame: frameOf(1, 'é 😀') },
    ]);
  });

  it('gives up a truncated frame and reads the next', () => {
    const half = printed(frameOf(1)).split(`${MARK} end`)[0] ?? '';
    expect(readAll([bytes(half + printed(frameOf(2)))])).toEqual([
      { kind: 'broken', seq: 1, why: 'truncated' },
      { kind: 'frame', frame: frameOf(2) },
    ]);
    expect(readAll([bytes(half)])).toEqual([{ kind: 'broken', seq: 1, why: 'truncated' }]);
  });

  it('tells a part that did not end', () => {
    const text = `${MARK} begin 1\n${MARK} part a\nsome\n${MARK} part b\nmore\n${MARK} end 1\n`;
    expect(readAll([bytes(text)])).toEqual([
      { kind: 'frame', frame: { seq: 1, parts: [{ name: 'a', text: 'some', status: undefined }, { name: 'b', text: 'more', status: undefined }] } },
    ]);
  });

  it('gives up a frame that is too long, in many lines or in one, and reads the next', () => {
    for (const filling of ['0123456789\n'.repeat(1_000), 'x'.repeat(10_000)]) {
      const text = printed(frameOf(1, filling)) + printed(frameOf(2));
      for (const chunk of [7, 1_000, 100_000]) {
        const data = bytes(text);
        const chunks = Array.from({ length: Math.ceil(data.length / chunk) }, (_, i) => data.slice(i * chunk, (i + 1) * chunk));
        expect(readAll(chunks, 5_000)).toEqual([
          { kind: 'broken', seq: 1, why: 'too-big' },
          { kind: 'frame', frame: frameOf(2) },
        ]);
      }
    }
  });

  it('does not take the words of another session for its own', () => {
    const other = printed(frameOf(1)).replaceAll(NONCE, 'f'.repeat(32));
    expect(readAll([bytes(other)])).toEqual([]);
    expect(readAll([bytes(printed(frameOf(1, other)))])).toEqual([{ kind: 'frame', frame: frameOf(1, other) }]);
  });

  it('survives anything', () => {
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 20 }),
      fc.constantFrom('begin', 'part', 'done', 'end').chain((verb) => fc.constantFrom('', '1', 'x', '-1', '1 2').map((value) => bytes(`\n${MARK} ${verb} ${value}\n`))),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (chunks) => {
        for (const event of readAll(chunks, 100)) expect(['frame', 'broken']).toContain(event.kind);
        // Whatever came before, a whole frame after it is read.
        expect(readAll([...chunks, bytes(`\n${printed(frameOf(9))}`)]).at(-1)).toEqual({ kind: 'frame', frame: frameOf(9) });
      }),
      { seed: 5, numRuns: 2_000 },
    );
  });
});
