import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ssh2 from 'ssh2';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { offeredAlgorithms } from '../../src/collect/ssh/algorithms.js';
import { CIPHERS, HOST_KEY_ALGORITHMS, KEX_ALGORITHMS, MACS } from '../../src/collect/ssh/config/algorithmLists.js';
import { ChannelLimit } from '../../src/collect/ssh/channelLimit.js';
import { Deadline } from '../../src/collect/ssh/deadline.js';
import { fileHostKeyStore } from '../../src/collect/ssh/hostKeyStore.js';
import { IdentityAgent } from '../../src/collect/ssh/identities.js';

describe('our own store of host keys', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'droplens-store-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('keeps every key that is added at the same time, and leaves no other file', async () => {
    const file = join(folder, 'deep', 'keys.json');
    const store = fileHostKeyStore(file);
    await Promise.all(Array.from({ length: 20 }, (_, index) => store.add(`host${index % 10}`, Buffer.from([index]))));
    for (let index = 0; index < 10; index++) {
      expect(await store.keysOf(`host${index}`)).toEqual([Buffer.from([index]), Buffer.from([index + 10])]);
    }
    expect(await readdir(join(folder, 'deep'))).toEqual(['keys.json']);
  });

  it.each(['', '[]', '{"version":2,"hosts":{}}', '{"version":1}', '{"version":1,"hosts":{"a":"b"}}', '{"version":1,"hosts":{"a":[1]}}'])(
    'does not take %j for an empty store, and does not overwrite it',
    async (text) => {
      const file = join(folder, 'keys.json');
      await writeFile(file, text);
      const store = fileHostKeyStore(file);
      await expect(store.keysOf('a')).rejects.toThrow();
      await expect(store.add('a', Buffer.from('key'))).rejects.toThrow();
      expect(await readFile(file, 'utf8')).toBe(text);
    },
  );

  it('lists what is in it and forgets one key of a host, also while others are added', async () => {
    const store = fileHostKeyStore(join(folder, 'keys.json'));
    expect(await store.list()).toEqual([]);
    const key = (name: string): Buffer => Buffer.concat([Buffer.from([0, 0, 0, 11]), Buffer.from('ssh-ed25519'), Buffer.from(name)]);
    for (const name of ['a', 'b']) await store.add('web-1', key(name));
    const [first, second] = await store.list();
    expect(first).toEqual({ host: 'web-1', keyType: 'ssh-ed25519', fingerprint: expect.stringMatching(/^SHA256:/) as string });
    const [forgotten] = await Promise.all([store.forget('web-1', first?.fingerprint ?? ''), store.add('web-2', key('c'))]);
    expect(forgotten).toBe(true);
    expect((await store.list()).map(({ host, fingerprint }) => [host, fingerprint])).toEqual([['web-1', second?.fingerprint], ['web-2', expect.any(String)]]);
    expect(await store.forget('web-1', first?.fingerprint ?? '')).toBe(false);
    expect(await store.forget('web-1', second?.fingerprint ?? '')).toBe(true);
    expect(await store.keysOf('web-1')).toEqual([]);
  });

  it('loses nothing when several processes change it at once, and outlives a lock that was left behind', async () => {
    const file = join(folder, 'keys.json');
    // Stores of the same file know nothing of each other, as in two processes.
    const stores = Array.from({ length: 8 }, () => fileHostKeyStore(file));
    await Promise.all(stores.map((store, index) => store.add(`host${index}`, Buffer.from([index]))));
    expect((await fileHostKeyStore(file).list()).map(({ host }) => host).sort()).toEqual(stores.map((_store, index) => `host${index}`));
    await writeFile(`${file}.lock`, '');
    const longAgo = new Date(Date.now() - 60_000);
    await utimes(`${file}.lock`, longAgo, longAgo);
    await fileHostKeyStore(file).add('later', Buffer.from('key'));
    expect(await readdir(folder)).toEqual(['keys.json']);
  });

  it('takes names that an object has of its own', async () => {
    const store = fileHostKeyStore(join(folder, 'keys.json'));
    await store.add('__proto__', Buffer.from('key'));
    expect(await store.keysOf('constructor')).toEqual([]);
    expect(await store.keysOf('__proto__')).toEqual([Buffer.from('key')]);
  });
});

describe('algorithms', () => {
  it('puts the recorded key types first and knows nothing that rests on SHA-1, DSA or CBC', () => {
    const offered = offeredAlgorithms(['ssh-rsa', 'ssh-dss', 'unknown'], { kexAlgorithms: KEX_ALGORITHMS, ciphers: CIPHERS, macs: MACS, hostKeyAlgorithms: HOST_KEY_ALGORITHMS });
    expect(offered.serverHostKey.slice(0, 3)).toEqual(['rsa-sha2-512', 'rsa-sha2-256', 'ssh-ed25519']);
    expect(new Set(offered.serverHostKey).size).toBe(offered.serverHostKey.length);
    const all = Object.values(offered).flat();
    expect(all.filter((name) => /sha1|ssh-rsa|ssh-dss|cbc|md5|arcfour|group1-/.test(name))).toEqual([]);
  });
});

describe('a key that signs', () => {
  it('makes no SHA-1 signature', async () => {
    const pair = ssh2.utils.generateKeyPairSync('rsa', { bits: 2048 });
    const key = ssh2.utils.parseKey(pair.private);
    if (key instanceof Error) throw key;
    const identity = {
      name: 'k',
      publicKey: () => Promise.resolve(key),
      sign: (data: Buffer, { hash }: { hash?: string }) => Promise.resolve(key.sign(data, hash)),
    };
    const agent = new IdentityAgent(identity);
    const sign = (options: { hash?: 'sha1' | 'sha256' | 'sha512' }): Promise<Buffer | undefined> =>
      new Promise((resolve, reject) => {
        agent.sign(key, Buffer.from('data'), options, (error, signature) => (error ? reject(error) : resolve(signature)));
      });
    await expect(sign({ hash: 'sha1' })).rejects.toThrow('SHA-1');
    await expect(sign({})).rejects.toThrow('SHA-1');
    expect(key.verify(Buffer.from('data'), (await sign({ hash: 'sha512' })) ?? Buffer.alloc(0), 'sha512')).toBe(true);
  });
});

describe('places for channels', () => {
  it('serves in order and forgets who gave up', async () => {
    const limit = new ChannelLimit(1);
    const order: string[] = [];
    await limit.acquire();
    const abort = new AbortController();
    const first = limit.acquire(abort.signal).catch(() => order.push('gave up'));
    const second = limit.acquire().then(() => order.push('second'));
    const third = limit.acquire().then(() => order.push('third'));
    abort.abort(new Error('enough'));
    await first;
    limit.release();
    await second;
    limit.release();
    await third;
    expect(order).toEqual(['gave up', 'second', 'third']);
    await expect(limit.acquire(abort.signal)).rejects.toThrow('enough');
  });

  it('lowers itself to what the server allows', async () => {
    const limit = new ChannelLimit(8);
    await limit.acquire();
    await limit.acquire();
    expect(limit.refused()).toBe(true);
    let served = false;
    const waiting = limit.acquire().then(() => {
      served = true;
    });
    await Promise.resolve();
    expect(served).toBe(false);
    limit.release();
    await waiting;
    expect(limit.refused()).toBe(false);
  });
});

describe('deadlines', () => {
  it('counts the time of a person apart from that of the host', async () => {
    const expired: string[] = [];
    const deadline = new Deadline({ hostMs: 20, personMs: 10_000 }, (waiting) => expired.push(waiting));
    await deadline.whileAsking(() => new Promise((resolve) => setTimeout(resolve, 60)));
    expect(expired).toEqual([]);
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(expired).toEqual(['host']);
    deadline.stop();
    const impatient = new Deadline({ hostMs: 10_000, personMs: 10 }, (waiting) => expired.push(waiting));
    await impatient.whileAsking(() => new Promise((resolve) => setTimeout(resolve, 40)));
    impatient.stop();
    expect(expired).toEqual(['host', 'person']);
  });
});
