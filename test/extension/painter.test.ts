import { expect, it } from 'vitest';
import { Painter, type Clock } from '../../src/extension/tree/painter.js';

/** A clock that stands still until it is moved. */
class Hand implements Clock {
  #now = 0;
  #due: { at: number; call: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  after(ms: number, call: () => void): () => void {
    const entry = { at: this.#now + ms, call };
    this.#due.push(entry);
    return () => (this.#due = this.#due.filter((other) => other !== entry));
  }

  move(ms: number): void {
    this.#now += ms;
    const due = this.#due.filter(({ at }) => at <= this.#now);
    this.#due = this.#due.filter(({ at }) => at > this.#now);
    for (const { call } of due) call();
  }
}

it('paints at most once a second, and at once what is urgent', () => {
  const clock = new Hand();
  const painted: string[][] = [];
  const painter = new Painter(clock, 1000, (keys) => painted.push([...keys]));
  painter.add(['a'], false);
  expect(painted).toEqual([['a']]);
  clock.move(100);
  painter.add(['b'], false);
  painter.add(['c', 'b'], false);
  expect(painted).toHaveLength(1);
  clock.move(900);
  expect(painted).toEqual([['a'], ['b', 'c']]);
  painter.add(['d'], false);
  painter.add(['e'], true);
  expect(painted.at(-1)).toEqual(['d', 'e']);
  clock.move(5000);
  expect(painted).toHaveLength(3);
});

it('paints nothing after it was disposed, and nothing without a change', () => {
  const clock = new Hand();
  const painted: string[][] = [];
  const painter = new Painter(clock, 1000, (keys) => painted.push([...keys]));
  painter.add([], true);
  painter.add(['a'], false);
  painter.add(['b'], false);
  painter.dispose();
  clock.move(5000);
  expect(painted).toEqual([['a']]);
});
