import { afterEach, describe, expect, test, vi } from 'vitest';
import { localTransport } from '../../src/collect/local.js';
import { openSession, type ProbeSession } from '../../src/collect/session.js';
import { parserFor } from '../../src/core/parse/index.js';
import type { Tier } from '../../src/core/sources.js';

const ALL: ReadonlySet<Tier> = new Set(['fast', 'medium', 'slow']);
const transport = localTransport();
let session: ProbeSession | undefined;

const open = async (): Promise<ProbeSession> => (session = await openSession(transport, { host: 'here', parserFor, first: ALL }));

afterEach(async () => {
  vi.restoreAllMocks();
  await session?.close();
  session = undefined;
});

describe('an answer that comes with the hello', () => {
  test('is the first sample, and costs no round trip', async () => {
    const { sample, traffic } = await open().then(async (opened) => ({ sample: await opened.sample(ALL), traffic: opened.traffic }));
    expect(sample.seq).toBe(1);
    expect(sample.readings.get('netstat')?.state).toBe('ok');
    expect(sample.readings.has('link_conf')).toBe(true);
    expect(traffic).toMatchObject({ roundTrips: 1, samples: 1 });
    expect((await session?.sample(new Set(['fast'])))?.seq).toBe(2);
    expect(session?.traffic).toMatchObject({ roundTrips: 2, samples: 2 });
  });

  test('is not the sample of other tiers', async () => {
    const opened = await open();
    const sample = await opened.sample(new Set(['fast']));
    expect([sample.seq, sample.readings.has('link_conf')]).toEqual([2, false]);
    expect((await opened.sample(ALL)).seq).toBe(3);
    expect(opened.traffic).toMatchObject({ roundTrips: 3, samples: 2 });
  });

  test('is not the sample of a later moment', async () => {
    const opened = await open();
    const later = performance.now() + 2_001;
    vi.spyOn(performance, 'now').mockImplementation(() => later);
    expect((await opened.sample(ALL)).seq).toBe(2);
  });

  test('ends with the session', async () => {
    const opened = await open();
    const asked = opened.sample(ALL);
    const settled = Promise.allSettled([asked]);
    await opened.close();
    const [outcome] = await settled;
    // It may have come before the end; else the reason is the end.
    expect(outcome.status === 'fulfilled' || (outcome.reason as { reason?: unknown }).reason === 'cancelled').toBe(true);
    await expect(opened.sample(ALL)).rejects.toMatchObject({ reason: 'cancelled' });
  });
});
