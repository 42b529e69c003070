import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { localTransport } from '../../src/collect/local.js';
import type { Transport } from '../../src/collect/transport.js';
import { english } from '../../src/core/message.js';
import type { Deeper } from '../../src/engine/deeper.js';
import type { OpenedTarget } from '../../src/engine/open.js';
import { RootAccess } from '../../src/server/rootAccess.js';

/** A sudo that wants the password in a file beside it, three times at most. */
const FAKE = `#!/bin/sh
here=$(dirname "$0")
ask= prompt=
while [ "$#" -gt 0 ]; do
case $1 in -S) ask=1;; -p) prompt=$2; shift;; --) shift; break;; esac
shift
done
[ -n "$ask" ] || { echo 'sudo: a password is required' >&2; exit 1; }
for try in 1 2 3; do
printf %s "$prompt" >&2
read -r line || exit 1
[ "$line" != "$(cat "$here/password")" ] || exec "$@"
done
exit 1
`;

let folder = '';
let transport: Transport;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'droplens-sudo-'));
  writeFileSync(join(folder, 'sudo'), FAKE);
  chmodSync(join(folder, 'sudo'), 0o755);
  transport = localTransport({ platform: 'linux', env: { ...process.env, PATH: `${folder}:${process.env['PATH'] ?? ''}` }, exists: () => true });
});

beforeEach(() => writeFileSync(join(folder, 'password'), 'right'));

afterAll(async () => {
  await transport.dispose();
  rmSync(folder, { recursive: true });
});

/** A connection of a user who is not root, to a host called web-1. */
function opened(): OpenedTarget {
  const host = { name: 'web-1', kernel: '', bootId: '', uid: 1000, tools: new Set<string>() };
  const none = (): Promise<never> => Promise.reject(new Error('not used'));
  const session = { host, traffic: { bytesIn: 0, bytesOut: 0, samples: 0, roundTrips: 0 }, ended: undefined, sample: none, close: () => Promise.resolve() };
  return { uri: 'ssh://web-1/', ssh: undefined, session, transport, entry: { prefix: [], inNamespace: false }, renew: none, close: () => Promise.resolve() };
}

/** Gives these answers, one a question; notes the questions. */
function asker(...answers: readonly (string | undefined)[]): { readonly access: RootAccess; readonly prompts: string[] } {
  const prompts: string[] = [];
  const left = [...answers];
  const ask = ({ prompt, echo }: { readonly prompt: string; readonly echo: boolean }): Promise<string | undefined> => {
    expect(echo).toBe(false);
    prompts.push(prompt);
    return Promise.resolve(left.shift());
  };
  return { access: new RootAccess(ask, english), prompts };
}

/** Whether it reads; else why not. */
async function reads(deeper: Deeper): Promise<true | string> {
  const reading = (await deeper.begin()).get('privileged');
  await deeper.close();
  return reading?.state === 'unreadable' ? english(reading.why) : true;
}

const open = async (access: RootAccess): Promise<true | string> => reads(await access.open(opened(), 1, new AbortController().signal));

describe('root, for people who agreed', () => {
  it('asks for the password once, and not again', async () => {
    const { access, prompts } = asker('right');
    expect([await open(access), await open(access)]).toEqual([true, true]);
    expect(prompts).toHaveLength(1);
  });

  it('asks again after a wrong one, and says that it was wrong', async () => {
    const { access, prompts } = asker('wrong', 'right');
    expect(await open(access)).toBe(true);
    expect(prompts[1]).toMatch(/did not accept/);
  });

  it('forgets a password that is not accepted any more', async () => {
    const { access, prompts } = asker('right', 'changed');
    expect(await open(access)).toBe(true);
    writeFileSync(join(folder, 'password'), 'changed');
    expect([await open(access), await open(access)]).toEqual([true, true]);
    expect(prompts).toHaveLength(2);
  });

  it('asks again after it was told to forget', async () => {
    const { access, prompts } = asker('right', 'right');
    expect(await open(access)).toBe(true);
    access.forget();
    expect(await open(access)).toBe(true);
    expect(prompts).toHaveLength(2);
  });

  it('gives up after three, and after none: the diagnosis goes on without root, and says why', async () => {
    expect(await open(asker('a', 'b', 'c', 'right').access)).toBe('sudo on web-1 did not accept the password.');
    expect(await open(asker(undefined).access)).toMatch(/none was given/);
  });
});
