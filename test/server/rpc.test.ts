import * as v from 'valibot';
import { CancellationTokenSource, ResponseError, type CancellationToken, type Connection } from 'vscode-languageserver/node';
import { expect, test } from 'vitest';
import { Rpc, UserError } from '../../src/server/rpc.js';

type Handler = (raw: unknown, token: CancellationToken) => Promise<unknown>;

function fake(overrides: { sendNotification?: () => Promise<void>; answer?: unknown } = {}) {
  const handlers = new Map<string, Handler>();
  const notified = new Map<string, (raw: unknown) => void>();
  const said: string[] = [];
  const connection = {
    onRequest: (method: string, handler: Handler) => handlers.set(method, handler),
    onNotification: (method: string, handler: (raw: unknown) => void) => notified.set(method, handler),
    sendNotification: overrides.sendNotification ?? (() => Promise.resolve()),
    sendRequest: () => Promise.resolve(overrides.answer),
    console: { error: (text: string) => said.push(text), warn: (text: string) => said.push(text) },
  };
  const ask = (raw: unknown, token = new CancellationTokenSource().token): Promise<unknown> => {
    const handler = handlers.get('x/y');
    if (handler === undefined) throw new Error('nothing handles it');
    return handler(raw, token);
  };
  return { rpc: new Rpc(connection as unknown as Connection), ask, notified, said };
}

const spec = { method: 'x/y', params: v.object({ n: v.number() }), result: v.object({ ok: v.boolean() }) };

test('a request of another shape never reaches the handler', async () => {
  const { rpc, ask } = fake();
  let called = false;
  rpc.handle(spec, () => ((called = true), { ok: true }));
  expect(await ask({ n: '1' })).toBeInstanceOf(ResponseError);
  expect(await ask({ n: 1 })).toEqual({ ok: true });
  expect(called).toBe(true);
});

test('what is meant for people arrives with what to do; a defect is logged with its stack', async () => {
  const { rpc, ask, said } = fake();
  rpc.handle(spec, ({ n }) => {
    if (n === 1) throw new UserError('There is no route to web-1.', 'Check the address.');
    throw new TypeError('undefined is not a function');
  });
  expect(await ask({ n: 1 })).toMatchObject({ message: 'There is no route to web-1.', data: { how: 'Check the address.' } });
  expect(said).toEqual([]);
  expect(await ask({ n: 2 })).toMatchObject({ message: 'undefined is not a function' });
  expect(said[0]).toMatch(/TypeError: undefined is not a function\n\s+at /);
});

test('a cancelled request says that it was cancelled, whatever the handler throws then', async () => {
  const { rpc, ask } = fake();
  const source = new CancellationTokenSource();
  rpc.handle(spec, (_params, signal) => new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('gone')))));
  const answer = ask({ n: 1 }, source.token);
  source.cancel();
  expect(await answer).toMatchObject({ code: -32800 });
  const late = new CancellationTokenSource();
  late.cancel();
  rpc.handle(spec, (_params, signal) => ({ ok: signal.aborted }));
  expect(await ask({ n: 1 }, late.token)).toEqual({ ok: true });
});

test.each([
  ['throws', () => { throw new Error('Connection is closed.'); }],
  ['rejects', () => Promise.reject(new Error('Connection is closed.'))],
])('a notification to a connection that is gone (%s) ends nothing', async (_how, sendNotification) => {
  const { rpc } = fake({ sendNotification });
  const unhandled: unknown[] = [];
  const note = (reason: unknown): number => unhandled.push(reason);
  process.on('unhandledRejection', note);
  rpc.notify({ method: 'x/y', params: v.object({}) }, {});
  await new Promise((resolve) => setImmediate(resolve));
  process.off('unhandledRejection', note);
  expect(unhandled).toEqual([]);
});

test('an answer of another shape is refused', async () => {
  await expect(fake({ answer: { ok: 'yes' } }).rpc.request(spec, { n: 1 })).rejects.toThrow();
  expect(await fake({ answer: { ok: true } }).rpc.request(spec, { n: 1 })).toEqual({ ok: true });
});

test('a notification of another shape is dropped, and said so', () => {
  const { rpc, notified, said } = fake();
  const seen: unknown[] = [];
  rpc.onNotification({ method: 'x/z', params: v.object({ n: v.number() }) }, (params) => seen.push(params));
  notified.get('x/z')?.({ n: 'x' });
  notified.get('x/z')?.({ n: 1 });
  expect(seen).toEqual([{ n: 1 }]);
  expect(said).toHaveLength(1);
});
