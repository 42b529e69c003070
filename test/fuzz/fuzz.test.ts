import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { diagnose } from '../../src/core/diagnosis/diagnose.js';
import { INTERPRETER_NAMES, interpreterFor } from '../../src/core/interpret/index.js';
import { derive } from '../../src/core/observe/derive.js';
import { observe } from '../../src/core/observe/window.js';
import { parserFor } from '../../src/core/parse/index.js';
import type { Reading, Sample } from '../../src/core/sample.js';
import { loadLibrary, type Library } from '../../src/engine/library.js';

/** Bounded and seeded: the same inputs in every run. */
const SEED = 20_261_122;
const PARSED = 170_000;
const INTERPRETED = 30_000;
const JUDGED = 1_500;

/** CPU time that one input may take; measured again when it took longer, since a collection of garbage is not a hang. */
const HANG_MS = 50;

/** Inputs are cut to this, so that many fit into the time of a test; linearity on long ones is tested beside the parsers. */
const LONGEST = 1_500;

function random(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    // xorshift32 (Marsaglia, 2003)
    state ^= state << 13;
    state >>>= 0;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state % below;
  };
}

const fixtures = join(__dirname, '..', 'core', 'parse', 'fixtures');

function files(folder: string): readonly string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? files(path) : path.endsWith('.txt') ? [path] : [];
  });
}

const corpus = files(fixtures)
  .map((path) => ({ source: basename(path, '.txt'), text: readFileSync(path, 'utf8') }))
  .filter(({ source }) => parserFor(source) !== undefined);

const WORDS = ['-1', '99999999999999999999999', '__proto__', '$(reboot)', '\u0000', '\n', '\t', ':', '(', ')', '{', '"', '/', '%', '0x', 'e9', '\uFFFD', '==> x <==', 'users:((', 'droplens-left-out '];

function mutate(text: string, next: (below: number) => number): string {
  const start = text.length > LONGEST && next(2) === 0 ? next(text.length - LONGEST) : 0;
  let result = text.slice(start, start + LONGEST);
  for (let times = 1 + next(4); times > 0; times--) {
    const at = next(result.length + 1);
    const length = next(40);
    switch (next(5)) {
      case 0:
        result = result.slice(0, at);
        break;
      case 1:
        result = result.slice(0, at) + result.slice(at + length);
        break;
      case 2:
        result = result.slice(0, at) + (WORDS[next(WORDS.length)] ?? '') + result.slice(at);
        break;
      case 3:
        result = result.slice(0, at) + String.fromCharCode(next(256)) + result.slice(at + 1);
        break;
      default:
        result = result.slice(0, at) + result.slice(next(result.length + 1)).slice(0, length) + result.slice(at);
    }
  }
  return result;
}

/** Runs one input; says what went wrong, if anything did. */
function trouble(work: () => unknown): string | undefined {
  const spent = (): number => {
    const before = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  };
  try {
    if (spent() <= HANG_MS || spent() <= HANG_MS || spent() <= HANG_MS) return undefined;
    return `it took more than ${HANG_MS} ms of CPU three times`;
  } catch (error) {
    return `it threw ${String(error)}`;
  }
}

/** Memory in use after garbage was collected as far as the engine does that by itself. */
function heapMiB(): number {
  return process.memoryUsage().heapUsed / 2 ** 20;
}

describe('foreign input', () => {
  test(`${PARSED} mutated texts of hosts: no parser throws, hangs or grows`, () => {
    const next = random(SEED);
    const troubles: string[] = [];
    let early = 0;
    for (let count = 0; count < PARSED; count++) {
      const { source, text } = corpus[count % corpus.length] ?? { source: '', text: '' };
      const parse = parserFor(source);
      if (parse === undefined) throw new Error(`there is no parser for ${source}`);
      const input = mutate(text, next);
      const found = trouble(() => parse(input));
      if (found !== undefined) troubles.push(`${source} (${count}): ${found}: ${JSON.stringify(input.slice(0, 200))}`);
      if (count === PARSED / 10) early = heapMiB();
    }
    expect(troubles).toEqual([]);
    // A leak of a kilobyte for each input would be 150 MiB.
    expect(heapMiB() - early).toBeLessThan(100);
  });

  test(`${INTERPRETED} mutated outputs of commands: no interpreter throws or hangs`, () => {
    const next = random(SEED + 1);
    const troubles: string[] = [];
    for (let count = 0; count < INTERPRETED; count++) {
      const name = INTERPRETER_NAMES[count % INTERPRETER_NAMES.length] ?? '';
      const interpret = interpreterFor(name);
      if (interpret === undefined) throw new Error(`there is no interpreter called ${name}`);
      const output = mutate(corpus[next(corpus.length)]?.text ?? '', next);
      const found = trouble(() => interpret({ output, exit: next(3) === 0 ? null : next(3) }));
      if (found !== undefined) troubles.push(`${name} (${count}): ${found}: ${JSON.stringify(output.slice(0, 200))}`);
    }
    expect(troubles).toEqual([]);
  });
});

describe('judging foreign input', () => {
  let library: Library;
  beforeAll(async () => {
    library = await loadLibrary(join(__dirname, '..', '..', 'media', 'runbooks'));
  });

  test(`${JUDGED} windows of mutated samples against every condition: nothing throws or hangs`, () => {
    const next = random(SEED + 2);
    const sample = (at: number): Sample => {
      const readings = new Map<string, Reading>();
      for (let times = 0; times < 12; times++) {
        const { source, text } = corpus[next(corpus.length)] ?? { source: '', text: '' };
        const facts = parserFor(source)?.(mutate(text, next));
        if (facts) readings.set(source, { state: 'ok', facts });
      }
      return { seq: at, hostSeconds: at, bootId: 'b', readings };
    };
    const troubles: string[] = [];
    for (let count = 0; count < JUDGED; count++) {
      const samples = [sample(1), sample(2 + next(3))];
      const found = trouble(() => diagnose(derive(observe(samples)), library.causes));
      if (found !== undefined) troubles.push(`${count}: ${found}`);
    }
    expect(troubles).toEqual([]);
  });
});
