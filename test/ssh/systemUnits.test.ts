import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteQueue } from '../../src/collect/ssh/system/byteQueue.js';
import { readCertificate } from '../../src/collect/ssh/system/certificate.js';
import { Channel, SSH, WINDOW } from '../../src/collect/ssh/system/channel.js';
import { explain } from '../../src/collect/ssh/system/explain.js';
import { MessageCutter, string, u32, WireReader } from '../../src/collect/ssh/system/wire.js';
import type { ResolvedHost } from '../../src/collect/ssh/config/resolvedHost.js';

fc.configureGlobal({ seed: 4 });

const host: ResolvedHost = {
  ...{ alias: 'web', hostName: '192.0.2.1', port: 22, user: 'ann', family: 'any', identityFiles: [], defaultIdentityFiles: [] },
  ...{ certificateFiles: [], identitiesOnly: false, agentSocket: undefined, knownHostsFiles: [], hostKeyAlias: undefined },
  ...{ hostKeyAlgorithms: [], kexAlgorithms: [], ciphers: [], macs: [] },
  ...{ strictHostKeyChecking: 'ask', methods: [], gssapi: 'off', passwordPrompts: 3, batchMode: false },
  ...{ connectTimeoutMs: 15_000, keepAliveMs: 15_000, keepAliveCount: 3, proxy: { kind: 'direct' }, controlPath: undefined },
  ...{ onlySystem: [], runs: [] },
};

describe('messages', () => {
  it('are the same however the stream is cut', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 })), fc.array(fc.integer({ min: 1, max: 20 })), (messages, cuts) => {
        let rest = Buffer.concat(messages.map((message) => string(Buffer.from(message))));
        const cutter = new MessageCutter();
        const seen: Buffer[] = [];
        for (const cut of [...cuts, rest.length]) {
          seen.push(...cutter.push(rest.subarray(0, cut)));
          rest = rest.subarray(cut);
        }
        expect(seen).toEqual(messages.map((message) => Buffer.from(message)));
      }),
    );
  });

  it('that are too long, or shorter than they say, are refused', () => {
    expect(() => new MessageCutter().push(u32(1024 * 1024))).toThrow(RangeError);
    expect(() => new WireReader(Buffer.concat([u32(5), Buffer.from('abc')])).string()).toThrow(RangeError);
    expect(() => new WireReader(Buffer.alloc(3)).u32()).toThrow(RangeError);
  });
});

describe('a channel', () => {
  interface Sent {
    readonly type: number;
    readonly body: Buffer;
  }
  const opened = (window: number, packet: number): { channel: Channel; sent: Sent[]; tell: (type: number, ...parts: Buffer[]) => void } => {
    const sent: Sent[] = [];
    const send = (type: number, ...parts: readonly Buffer[]): Promise<void> => {
      sent.push({ type, body: Buffer.concat(parts) });
      return Promise.resolve();
    };
    const channel = new Channel(send, 7, window, packet);
    return { channel, sent, tell: (type, ...parts) => channel.receive(type, new WireReader(Buffer.concat(parts))) };
  };

  it('sends no more than the host is ready for, in pieces that it takes', async () => {
    const { channel, sent, tell } = opened(5, 3);
    const writing = channel.write('abcdefgh');
    channel.eof();
    await new Promise(setImmediate);
    const pieces = (): string[] => sent.filter(({ type }) => type === SSH.DATA).map(({ body }) => body.subarray(8).toString());
    expect(pieces()).toEqual(['abc', 'de']);
    expect(sent.some(({ type }) => type === SSH.EOF)).toBe(false);
    tell(SSH.WINDOW_ADJUST, u32(100));
    await writing;
    await new Promise(setImmediate);
    expect(pieces()).toEqual(['abc', 'de', 'fgh']);
    expect(sent.at(-1)?.type).toBe(SSH.EOF);
  });

  it('lets the host send more only when its output was read', async () => {
    const { channel, sent, tell } = opened(1000, 1000);
    const half = Buffer.alloc(WINDOW / 2);
    tell(SSH.DATA, string(half));
    tell(SSH.DATA, string(half));
    await new Promise(setImmediate);
    expect(sent).toEqual([]);
    for await (const chunk of channel.stdout) {
      expect(chunk.length).toBe(half.length);
      break;
    }
    expect(sent).toEqual([{ type: SSH.WINDOW_ADJUST, body: Buffer.concat([u32(7), u32(WINDOW / 2)]) }]);
  });

  it('answers what it does not know, or sshd would take the connection for dead', () => {
    const { sent, tell } = opened(1, 1);
    tell(SSH.REQUEST, string('keepalive@openssh.com'), Buffer.from([1]));
    expect(sent).toEqual([{ type: SSH.FAILURE, body: u32(7) }]);
  });

  it('answers nobody after its end', async () => {
    const { channel, tell } = opened(1, 1);
    const request = channel.request('exec', string('true'));
    const writing = channel.write('too long').then(() => 'written', () => 'refused');
    tell(SSH.CLOSE);
    expect([await request, await writing]).toEqual([false, 'refused']);
    await channel.closed;
    expect(() => tell(42)).toThrow(RangeError);
  });
});

it('a queue of bytes is drained when it was read or thrown away', async () => {
  for (const end of ['read', 'discard'] as const) {
    const taken: number[] = [];
    const queue = new ByteQueue((bytes) => taken.push(bytes));
    queue.push(Buffer.from('ab'));
    queue.end();
    if (end === 'discard') queue.discard();
    else for await (const chunk of queue) expect(Buffer.from(chunk).toString()).toBe('ab');
    await queue.drained;
    expect(taken).toEqual([2]);
  }
});

it('a certificate that is cut off is not read as one', () => {
  expect(readCertificate(Buffer.concat([string('ssh-ed25519'), string('x')]))).toBe(undefined);
  const type = string('ssh-ed25519-cert-v01@openssh.com');
  fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
    expect(() => readCertificate(Buffer.concat([type, string('n'), bytes.length === 0 ? Buffer.from([0]) : Buffer.from(bytes)]))).toThrow(RangeError);
  }));
});

it.each([
  ['ssh: connect to host 192.0.2.1 port 22: Connection refused', 'unreachable'],
  ['ssh: Could not resolve hostname web: Name or service not known', 'unreachable'],
  ['ssh: connect to host 192.0.2.1 port 22: No route to host', 'unreachable'],
  ['ssh: connect to host 192.0.2.1 port 22: Connection timed out', 'timeout'],
  ['Connection timed out during banner exchange', 'timeout'],
  ['kex_exchange_identification: Connection closed by remote host', 'unreachable'],
  ['ann@192.0.2.1: Permission denied (publickey,password).', 'authentication'],
  ['Received disconnect from 192.0.2.1 port 22:2: Too many authentication failures', 'authentication'],
  ['Unable to negotiate with 192.0.2.1 port 22: no matching host key type found. Their offer: ssh-rsa', 'unsupported'],
  ['@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\nHost key verification failed.', 'host-key-changed'],
  ['@       WARNING: REVOKED HOST KEY DETECTED!               @\nHost key verification failed.', 'host-key-refused'],
  ['No ED25519 host key is known for web and you have requested strict checking.\nHost key verification failed.', 'host-key-unknown'],
  ['/home/ann/.ssh/config: line 3: Bad configuration option: colour', 'unsupported'],
  ['', 'unreachable'],
])('“%s” is %s', (printed, reason) => {
  const error = explain(host, { status: 255, printed, program: 'ssh' });
  expect([error.reason, /web|192\.0\.2\.1/.test(error.message)]).toEqual([reason, true]);
});

it('what a server prints does not get into a sentence', () => {
  const error = explain(host, { status: 255, printed: 'Permission denied (<b>\u001b[2J,x).', program: 'ssh' });
  expect(error.message).toBe('web (192.0.2.1) did not let ann in. It accepts: x.');
});
