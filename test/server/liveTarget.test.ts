import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { TransportError } from '../../src/collect/transport.js';
import type { Sample } from '../../src/core/sample.js';
import type { TargetState } from '../../src/protocol/tree.js';
import { backoffMs } from '../../src/server/backoff.js';
import { LiveTarget } from '../../src/server/liveTarget.js';
import { bench, FakeHost, library } from './fakeHost.js';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);
const lost = (): TransportError => new TransportError('lost', 'The connection to web-1 was lost.');
const unknownKey = (): TransportError => new TransportError('host-key-unknown', 'nobody could be asked');

describe('connecting', () => {
  test('calls at the same time share one attempt', async () => {
    const { live, attempts } = bench();
    const both = Promise.all([live.connect(true), live.connect(true), live.connect(false)]);
    expect(attempts).toHaveLength(1);
    const host = new FakeHost();
    attempts[0]?.resolve(host.opened);
    expect(await both).toEqual([host.opened, host.opened, host.opened]);
  });

  test('a person who waits is asked, although the background was connecting already', async () => {
    const { live, attempts } = bench();
    const background = live.connect(false);
    const person = live.connect(true);
    const told = expect(background).rejects.toMatchObject({ reason: 'host-key-unknown' });
    attempts[0]?.reject(unknownKey());
    await told;
    await vi.waitFor(() => expect(attempts.map((attempt) => attempt.interactive)).toEqual([false, true]));
    const host = new FakeHost();
    attempts[1]?.resolve(host.opened);
    expect(await person).toBe(host.opened);
  });

  test('a host that cannot be reached is not tried twice for it', async () => {
    const { live, attempts } = bench();
    const ends = Promise.allSettled([live.connect(false), live.connect(true)]);
    attempts[0]?.reject(new TransportError('unreachable', 'There is no route to web-1.'));
    expect((await ends).map((end) => end.status)).toEqual(['rejected', 'rejected']);
    expect(attempts).toHaveLength(1);
    expect(live.state).toMatchObject({ kind: 'failed', why: 'There is no route to web-1.' });
  });

  test('one who leaves does not end the attempt of another; the last one does', async () => {
    const { live, attempts } = bench();
    const [first, second] = [new AbortController(), new AbortController()];
    const ends = Promise.allSettled([live.connect(true, first.signal), live.connect(true, second.signal)]);
    first.abort();
    expect(attempts[0]?.signal.aborted).toBe(false);
    second.abort();
    expect(attempts[0]?.signal.aborted).toBe(true);
    expect(await ends).toMatchObject([{ reason: { reason: 'cancelled' } }, { reason: { reason: 'cancelled' } }]);
    const again = live.connect(true);
    expect(attempts).toHaveLength(2);
    const host = new FakeHost();
    attempts[1]?.resolve(host.opened);
    expect(await again).toBe(host.opened);
  });

  test('the background does not keep the questions of a person who has left', async () => {
    const { live, attempts } = bench();
    const person = new AbortController();
    const ends = Promise.allSettled([live.connect(true, person.signal), live.connect(false)]);
    person.abort();
    expect(attempts[0]?.signal.aborted).toBe(true);
    expect((await ends).map((end) => end.status)).toEqual(['rejected', 'rejected']);
  });

  test('a target that is removed while it connects is silent, and closes what still opens', async () => {
    const states: TargetState[] = [];
    const host = new FakeHost();
    let finish: () => void = () => undefined;
    const live = new LiveTarget('local:/', { kind: 'local', namespace: { kind: 'host' } }, {
      library,
      open: () => new Promise((resolve) => (finish = () => resolve(host.opened))),
      changed: (target) => states.push(target.state),
      now: Date.now,
      random: () => 0,
    });
    live.watch(true, 1_000);
    await pass(0);
    const waiting = expect(live.connect(true)).rejects.toMatchObject({ reason: 'cancelled' });
    await live.dispose();
    const said = states.length;
    finish();
    await waiting;
    await pass(60_000);
    expect(host.closed).toBe(1);
    expect(states).toHaveLength(said);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('watching', () => {
  test('samples once in each interval, however often it is switched', async () => {
    const host = new FakeHost();
    const { live, states } = bench(host);
    live.watch(true, 1_000);
    await pass(0);
    let release: (answer: Sample) => void = () => undefined;
    host.answer = () => new Promise((resolve) => (release = resolve));
    await pass(1_000);
    const asked = host.samples.length;
    for (let turn = 0; turn < 5; turn++) {
      live.watch(false, 1_000);
      live.watch(true, 1_000);
      await pass(0);
    }
    expect(host.samples).toHaveLength(asked);
    host.answer = () => Promise.resolve(host.at());
    release(host.at());
    await pass(3_000);
    expect(host.samples.length).toBeLessThanOrEqual(asked + 4);
    expect(vi.getTimerCount()).toBe(1);
    expect(states.at(-1)).toEqual({ kind: 'live' });
    await live.dispose();
  });

  test('no sample is taken, and nothing is said, after the end', async () => {
    const host = new FakeHost();
    const { live, states } = bench(host);
    live.watch(true, 1_000);
    await pass(2_500);
    let release: (answer: Sample) => void = () => undefined;
    host.answer = () => new Promise((resolve) => (release = resolve));
    await pass(1_000);
    await live.dispose();
    const before = { samples: host.samples.length, states: states.length };
    release(host.at());
    await pass(10_000);
    expect({ samples: host.samples.length, states: states.length }).toEqual(before);
    expect(host.closed).toBe(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('begins when a person connects after a first failure', async () => {
    const { live, attempts } = bench();
    live.watch(true, 1_000);
    await pass(0);
    attempts[0]?.reject(unknownKey());
    await pass(60_000);
    expect(live.state.kind).toBe('failed');
    expect(attempts).toHaveLength(1);
    const host = new FakeHost();
    const connected = live.connect(true);
    attempts[1]?.resolve(host.opened);
    await connected;
    await pass(3_000);
    expect(host.samples.length).toBeGreaterThanOrEqual(3);
    await live.dispose();
  });

  test('seldom looks still read the dear sources, and the second look comes soon', async () => {
    const host = new FakeHost();
    const { live } = bench(host);
    live.watch(true, 60_000);
    await pass(1_000);
    expect(host.samples).toHaveLength(2);
    await pass(60_000);
    expect([...(host.samples[2] ?? [])]).toEqual(['fast', 'medium', 'slow']);
    await live.dispose();
  });

  test('a shorter interval counts at once', async () => {
    const host = new FakeHost();
    const { live } = bench(host);
    live.watch(true, 60_000);
    await pass(5_000);
    const before = host.samples.length;
    live.watch(true, 1_000);
    await pass(3_000);
    expect(host.samples.length).toBeGreaterThanOrEqual(before + 3);
    await live.dispose();
  });

  test('an interval beyond reason is not taken for none', async () => {
    const host = new FakeHost();
    const { live } = bench(host);
    live.watch(true, 1e12);
    await pass(5_000);
    expect(host.samples).toHaveLength(2);
    await live.dispose();
  });

  test('a defect of ours is shown, not swallowed', async () => {
    const host = new FakeHost();
    host.answer = () => Promise.reject(new RangeError('there is no parser for the source x'));
    const { live } = bench(host);
    live.watch(true, 1_000);
    await pass(0);
    expect(live.state).toMatchObject({ kind: 'failed', why: 'there is no parser for the source x' });
    await live.dispose();
  });

  test('one garbled answer is a gap, no more', async () => {
    const host = new FakeHost();
    const { live, states } = bench(host);
    live.watch(true, 1_000);
    await pass(1_000);
    host.answer = () => Promise.reject(new TransportError('garbled', 'cut off'));
    await pass(1_000);
    host.answer = () => Promise.resolve(host.at());
    await pass(1_000);
    expect(states.filter((state) => state.kind !== 'connecting' && state.kind !== 'live')).toEqual([]);
    expect(host.closed).toBe(0);
    await live.dispose();
  });
});

describe('a lost connection', () => {
  test('goes stale, comes back by itself without asking, and is live again', async () => {
    const { live, attempts, states } = bench();
    const first = new FakeHost();
    live.watch(true, 1_000);
    await pass(0);
    attempts[0]?.resolve(first.opened);
    await pass(2_000);
    first.lose(lost());
    await pass(0);
    expect(live.state).toMatchObject({ kind: 'stale', why: 'The connection to web-1 was lost.' });
    expect(live.host?.name).toBe('web-1');
    expect(first.closed).toBe(1);
    const since = live.state.kind === 'stale' ? live.state.since : 0;
    for (const wait of [1_000, 2_000, 4_000]) {
      const before = attempts.length;
      await pass(wait - 1);
      expect(attempts).toHaveLength(before);
      await pass(1);
      expect(attempts).toHaveLength(before + 1);
      expect(attempts.at(-1)?.interactive).toBe(false);
      attempts.at(-1)?.reject(new TransportError('unreachable', 'no route'));
      await pass(0);
      expect(live.state).toEqual({ kind: 'stale', since, why: 'no route' });
    }
    await pass(8_000);
    const second = new FakeHost();
    attempts.at(-1)?.resolve(second.opened);
    await pass(1_000);
    expect(live.state).toEqual({ kind: 'live' });
    expect(second.samples.length).toBeGreaterThan(0);
    expect(states.filter((state) => state.kind === 'failed')).toEqual([]);
    await live.dispose();
  });

  test('is noticed by the sample under way too, and waits before it tries again', async () => {
    const { live, attempts } = bench();
    const host = new FakeHost();
    live.watch(true, 250);
    await pass(0);
    attempts[0]?.resolve(host.opened);
    await pass(250);
    host.answer = () => (host.lose(lost()), Promise.reject(lost()));
    await pass(250);
    expect(live.state.kind).toBe('stale');
    await pass(900);
    expect(attempts).toHaveLength(1);
    await pass(100);
    expect(attempts).toHaveLength(2);
    await live.dispose();
  });

  test('stays lost while nobody looks', async () => {
    const host = new FakeHost();
    const { live, attempts } = bench(host);
    live.watch(true, 1_000);
    await pass(1_500);
    live.watch(false, 1_000);
    host.lose(lost());
    await pass(120_000);
    expect(attempts).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('attempts are spread', () => {
    expect([1, 2, 3, 6, 50].map((failures) => backoffMs(failures, 0))).toEqual([1_000, 2_000, 4_000, 30_000, 30_000]);
    expect([0, 0.5, 1].map((random) => backoffMs(50, random))).toEqual([30_000, 26_250, 22_500]);
  });
});

describe('a diagnosis', () => {
  test('shares the connection, feeds the live view, and lets it go on', async () => {
    // The window is watched by the real clock.
    vi.useRealTimers();
    const host = new FakeHost();
    const { live, attempts } = bench(host);
    live.watch(true, 250);
    const watched = await live.diagnose(0.5, () => undefined, new AbortController().signal);
    expect(attempts).toHaveLength(1);
    expect(watched.host.name).toBe('web-1');
    expect(live.look?.view.samples).toBeGreaterThanOrEqual(watched.samples.length);
    const before = host.samples.length;
    await vi.waitFor(() => expect(host.samples.length).toBeGreaterThan(before + 1));
    await live.dispose();
  });

  test('can be cancelled while watching without harm to the connection', async () => {
    const host = new FakeHost();
    const { live } = bench(host);
    const abort = new AbortController();
    const running = expect(live.diagnose(60, () => undefined, abort.signal)).rejects.toThrow();
    await pass(1_500);
    abort.abort();
    await running;
    expect(host.closed).toBe(0);
    expect(live.state.kind).toBe('paused');
    expect(vi.getTimerCount()).toBe(0);
    await live.dispose();
  });

  test('can be cancelled while it connects', async () => {
    const { live, attempts } = bench();
    const abort = new AbortController();
    const running = expect(live.diagnose(60, () => undefined, abort.signal)).rejects.toMatchObject({ reason: 'cancelled' });
    abort.abort();
    await running;
    expect(attempts[0]?.signal.aborted).toBe(true);
  });

  test('ends with the target', async () => {
    const host = new FakeHost();
    const { live } = bench(host);
    host.answer = (signal) =>
      new Promise((_resolve, reject) => {
        const end = (): void => reject(new TransportError('cancelled', 'closed'));
        signal?.addEventListener('abort', end);
        const close = host.opened.close;
        Object.assign(host.opened, { close: () => (end(), close()) });
      });
    const running = expect(live.diagnose(60, () => undefined, new AbortController().signal)).rejects.toMatchObject({ reason: 'cancelled' });
    await pass(10);
    await live.dispose();
    await running;
  });
});
