import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { TransportError } from '../../src/collect/transport.js';
import { IDLE_MS } from '../../src/server/idle.js';
import { WakeWatch } from '../../src/server/wakeWatch.js';
import { bench, FakeHost } from './fakeHost.js';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);
const lost = (): TransportError => new TransportError('lost', 'The connection to web-1 was lost.');
const never = (): Promise<never> => new Promise(() => undefined);

/** The host does not answer any more: the sample under way fails after five seconds, and the probe is over. */
function hang(host: FakeHost): void {
  host.answer = async () => {
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    throw (host.ended = new TransportError('timeout', 'web-1 did not answer within 5 s.'));
  };
}

describe('a sample that does not come', () => {
  test('costs the probe and not the connection: stale, then live again with another probe', async () => {
    const host = new FakeHost('web-1', 'ssh');
    const { live, attempts, states } = bench(host);
    live.watch(true, 1_000);
    await pass(1_500);
    hang(host);
    await pass(6_000);
    expect(live.state).toMatchObject({ kind: 'stale', why: 'web-1 did not answer within 5 s.' });
    host.answer = () => Promise.resolve(host.at());
    await pass(2_000);
    expect(live.state.kind).toBe('live');
    expect([host.renewals, host.closed, attempts.length]).toEqual([1, 0, 1]);
    expect(states.some((state) => state.kind === 'failed')).toBe(false);
    await live.dispose();
  });

  test('is tried again ever more seldom while no probe can be started, with the time of the last values', async () => {
    const host = new FakeHost('web-1', 'ssh');
    const { live } = bench(host);
    live.watch(true, 1_000);
    await pass(1_500);
    hang(host);
    host.renew = () => Promise.reject(new TransportError('not-permitted', 'web-1 allows no further session on this connection.'));
    await pass(6_000);
    const since = live.state.kind === 'stale' ? live.state.since : 0;
    await pass(120_000);
    expect(live.state).toEqual({ kind: 'stale', since, why: 'web-1 allows no further session on this connection.' });
    // After 1, 2, 4, 8, 16, 30 and 30 seconds.
    expect(host.renewals).toBe(7);
    expect(host.closed).toBe(0);
    host.renew = () => Promise.resolve();
    host.answer = () => Promise.resolve(host.at());
    await pass(30_000);
    expect(live.state.kind).toBe('live');
    await live.dispose();
  });

  test('leaves a diagnosis that is asked for afterwards with a probe', async () => {
    const host = new FakeHost('web-1', 'ssh');
    const { live } = bench(host);
    await live.connect(true);
    host.ended = lost();
    const abort = new AbortController();
    const diagnosing = expect(live.diagnose(60, () => undefined, abort.signal)).rejects.toThrow();
    await pass(1_000);
    expect(host.renewals).toBe(1);
    expect(host.samples.length).toBeGreaterThan(0);
    abort.abort();
    await diagnosing;
    await live.dispose();
  });

  test('of a connection that ends each time it is made does not begin to be tried in haste', async () => {
    const { live, attempts } = bench();
    live.watch(true, 1_000);
    await pass(0);
    for (const wait of [1_000, 2_000, 4_000, 8_000]) {
      const host = new FakeHost('web-1', 'ssh');
      host.answer = never;
      const made = attempts.length;
      attempts.at(-1)?.resolve(host.opened);
      await pass(0);
      host.answer = () => Promise.reject(lost());
      host.lose(lost());
      await pass(wait - 1);
      expect([wait, attempts.length]).toEqual([wait, made]);
      await pass(1);
      // The look that hangs ends with the connection in life; here a further connection is asked for by hand.
      void live.connect(false).catch(() => undefined);
      expect([wait, attempts.length]).toEqual([wait, made + 1]);
    }
    await live.dispose();
  });
});

describe('a connection that nobody uses', () => {
  test('is closed after ten minutes and made again on demand', async () => {
    const host = new FakeHost('web-1', 'ssh');
    const { live, attempts } = bench(host);
    live.watch(true, 1_000);
    await pass(30 * 60_000);
    expect(host.closed).toBe(0);
    live.watch(false, 1_000);
    await pass(IDLE_MS - 1);
    expect(host.closed).toBe(0);
    await pass(1);
    expect(host.closed).toBe(1);
    expect(live.state.kind).toBe('paused');
    expect(vi.getTimerCount()).toBe(0);
    live.watch(true, 1_000);
    await pass(1_000);
    expect(attempts).toHaveLength(2);
    expect(live.state.kind).toBe('live');
    await live.dispose();
    expect(vi.getTimerCount()).toBe(0);
  });

  test('is kept for a terminal, and for a command that runs', async () => {
    const host = new FakeHost('web-1', 'ssh');
    const { live } = bench(host);
    await live.connect(true);
    const [terminal, command] = [live.hold(), live.hold()];
    await pass(2 * IDLE_MS);
    command();
    command();
    await pass(2 * IDLE_MS);
    expect(host.closed).toBe(0);
    terminal();
    await pass(IDLE_MS);
    expect(host.closed).toBe(1);
    await live.dispose();
  });

  test('of this machine stays', async () => {
    const host = new FakeHost();
    const { live } = bench(host);
    await live.connect(true);
    await pass(3 * IDLE_MS);
    expect(host.closed).toBe(0);
    await live.dispose();
  });
});

describe('sleep', () => {
  test('is noticed by the clock, and nothing else is', () => {
    let now = 0;
    let woke = 0;
    const watch = new WakeWatch(() => now, () => (woke += 1));
    const tick = (passed: number): void => {
      now += passed;
      vi.advanceTimersByTime(5_000);
    };
    for (const passed of [5_000, 5_400, 9_000, 4_000, -3_600_000]) tick(passed);
    expect(woke).toBe(0);
    tick(5_000 + 3_600_000);
    expect(woke).toBe(1);
    tick(5_000);
    expect(woke).toBe(1);
    watch.stop();
    expect(vi.getTimerCount()).toBe(0);
  });

  test('leaves a connection that still answers', async () => {
    const host = new FakeHost('web-1', 'ssh');
    const { live, attempts } = bench(host);
    live.watch(true, 1_000);
    await pass(1_500);
    await live.woke();
    expect([host.closed, attempts.length, live.state.kind]).toEqual([0, 1, 'live']);
    expect(host.samples.at(-1)?.size).toBe(0);
    await live.dispose();
  });

  test('makes one anew that does not, without the wait before an attempt', async () => {
    const first = new FakeHost('web-1', 'ssh');
    const { live, attempts } = bench();
    live.watch(true, 1_000);
    await pass(0);
    attempts[0]?.resolve(first.opened);
    await pass(1_500);
    first.answer = (signal) =>
      new Promise((_resolve, reject) => {
        const end = (): void => reject(new TransportError('cancelled', 'Cancelled.'));
        signal?.addEventListener('abort', end);
        const { close } = first.opened;
        Object.assign(first.opened, { close: () => (end(), close()) });
      });
    const waking = live.woke();
    await pass(2_999);
    expect(attempts).toHaveLength(1);
    await pass(1);
    await waking;
    await pass(1);
    expect(live.state).toMatchObject({ kind: 'stale', why: 'The connection to web-1 did not survive the sleep of this machine.' });
    expect(first.closed).toBe(1);
    expect(attempts).toHaveLength(2);
    expect(attempts[1]?.interactive).toBe(false);
    const second = new FakeHost('web-1', 'ssh');
    attempts[1]?.resolve(second.opened);
    await pass(1_000);
    expect(live.state.kind).toBe('live');
    await live.dispose();
  });

  test('ends the wait of one that was lost before, and the attempt that is from before', async () => {
    const first = new FakeHost('web-1', 'ssh');
    const { live, attempts } = bench();
    live.watch(true, 1_000);
    await pass(0);
    attempts[0]?.resolve(first.opened);
    await pass(1_500);
    first.lose(lost());
    for (const wait of [1_000, 2_000, 4_000, 8_000]) {
      await pass(wait);
      attempts.at(-1)?.reject(new TransportError('unreachable', 'no route'));
      await pass(0);
    }
    const made = attempts.length;
    await live.woke();
    await pass(0);
    expect(attempts).toHaveLength(made + 1);
    await live.woke();
    await pass(0);
    expect(attempts[made]?.signal.aborted).toBe(true);
    expect(attempts).toHaveLength(made + 2);
    await live.dispose();
  });

  test('does not take the connection from a terminal', async () => {
    const host = new FakeHost('web-1', 'ssh');
    const { live } = bench(host);
    await live.connect(true);
    const release = live.hold();
    host.answer = never;
    await live.woke();
    await pass(10_000);
    expect(host.closed).toBe(0);
    release();
    await live.dispose();
  });

  test('says nothing about targets that are not connected and that nobody looks at', async () => {
    const { live, attempts } = bench();
    await live.woke();
    await pass(10_000);
    expect(attempts).toHaveLength(0);
    expect(vi.getTimerCount()).toBe(0);
  });
});

test('a person who connects does not wait for the next attempt in the background', async () => {
  const first = new FakeHost('web-1', 'ssh');
  const { live, attempts } = bench();
  live.watch(true, 1_000);
  await pass(0);
  attempts[0]?.resolve(first.opened);
  await pass(1_500);
  first.lose(lost());
  await pass(1_000);
  attempts.at(-1)?.reject(new TransportError('unreachable', 'no route'));
  await pass(0);
  const made = attempts.length;
  const person = live.connect(true);
  expect(attempts).toHaveLength(made + 1);
  expect(attempts.at(-1)?.interactive).toBe(true);
  const second = new FakeHost('web-1', 'ssh');
  attempts.at(-1)?.resolve(second.opened);
  expect(await person).toBe(second.opened);
  await live.dispose();
});
