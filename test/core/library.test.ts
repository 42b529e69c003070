import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadLibrary } from '../../src/engine/library.js';

test('every runbook of the product is without mistakes', async () => {
  const library = await loadLibrary(join(__dirname, '..', '..', 'media', 'runbooks'));
  const problems = [...library.problems].flatMap(([file, list]) => list.map((problem) => `${file}:${problem.line + 1}:${problem.column + 1} ${problem.message}`));
  expect(problems).toEqual([]);
  expect(library.causes.length).toBeGreaterThanOrEqual(25);
  const ids = new Set(library.causes.map((cause) => cause.id));
  const steps = new Set(library.guide.steps.map((step) => step.id));
  for (const cause of library.causes) {
    expect(steps, `${cause.id} names the step ${cause.step}`).toContain(cause.step);
    for (const other of cause.explains) expect(ids, `${cause.id} explains ${other}`).toContain(other);
  }
});
