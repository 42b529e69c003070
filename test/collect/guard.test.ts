import { afterEach, describe, expect, it } from 'vitest';
import { parserFor } from '../../src/core/parse/index.js';
import { localTransport } from '../../src/collect/local.js';
import { openSession, type SessionOptions } from '../../src/collect/session.js';
import type { Transport } from '../../src/collect/transport.js';
import type { Tier } from '../../src/core/sources.js';
import { processesWith, SHELLS, shellArgv, token, until } from './support.js';

const FAST: ReadonlySet<Tier> = new Set(['fast']);
const made: Transport[] = [];
afterEach(async () => {
  for (const one of made.splice(0)) await one.dispose();
});

function tagged(tag: string): Transport {
  const [name = '', value = ''] = tag.split('=');
  const one = localTransport({ platform: 'linux', env: { PATH: process.env['PATH'], [name]: value }, exists: () => true });
  made.push(one);
  return one;
}
const options = (rest: Partial<SessionOptions>): SessionOptions => ({ host: 'testhost', parserFor, ...rest });

describe.each(SHELLS)('a probe in %s', (name) => {
  it('ends by itself when nobody asks any more, and not before', async () => {
    const tag = token();
    const session = await openSession(tagged(tag), options({ shell: shellArgv(name), idleSeconds: 1 }));
    const end = performance.now() + 4_000;
    while (performance.now() < end) {
      await session.sample(FAST);
      await new Promise((resolve) => setTimeout(resolve, 400));
    }
    expect(session.ended).toBeUndefined();
    await until('the probe has ended', () => processesWith(tag).length === 0, 5);
    await until('its end is known', () => session.ended?.reason === 'lost');
    await expect(session.sample(FAST)).rejects.toMatchObject({ reason: 'lost' });
  });

  it('is gone with its watcher when it is killed alone', async () => {
    const tag = token();
    const session = await openSession(tagged(tag), options({ shell: shellArgv(name), idleSeconds: 15 }));
    await session.sample(FAST);
    const probe = Math.min(...processesWith(tag));
    process.kill(probe, 'SIGKILL');
    await until('the end is known', () => session.ended !== undefined);
    await until('nothing is left', () => processesWith(tag).length === 0, 5);
  });
});
