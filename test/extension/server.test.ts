import { describe, expect, it } from 'vitest';
import { isCancelled, plain } from '../../src/extension/client/errors.js';
import { RestartBudget } from '../../src/extension/client/budget.js';
import type { Link, LinkEvent } from '../../src/extension/client/link.js';
import { ProtocolError, Server } from '../../src/extension/client/server.js';
import { Requests, ServerNotifications, ServerRequests } from '../../src/protocol/messages.js';

/** The other side of a server, by hand. */
class FakeLink implements Link {
  readonly notifications = new Map<string, (params: unknown) => void>();
  readonly requests = new Map<string, (params: unknown) => Promise<unknown>>();
  readonly sent: { method: string; params: unknown }[] = [];
  starts = 0;
  stops = 0;

  constructor(
    readonly report: (event: LinkEvent) => void,
    private readonly answer: (method: string) => unknown,
  ) {}

  start(): Promise<void> {
    this.starts++;
    this.report({ kind: 'started' });
    return Promise.resolve();
  }

  request(method: string, params: unknown): Promise<unknown> {
    this.sent.push({ method, params });
    return Promise.resolve(this.answer(method));
  }

  notify(method: string, params: unknown): Promise<void> {
    this.sent.push({ method, params });
    return Promise.resolve();
  }

  onNotification(method: string, handler: (params: unknown) => void): void {
    this.notifications.set(method, handler);
  }

  onRequest(method: string, handler: (params: unknown) => Promise<unknown>): void {
    this.requests.set(method, handler);
  }

  stop(): Promise<void> {
    this.stops++;
    return Promise.resolve();
  }
}

function setUp(answer: (method: string) => unknown = () => ({})): { server: Server; links: FakeLink[]; problems: string[] } {
  const links: FakeLink[] = [];
  const problems: string[] = [];
  const server = new Server(
    (report) => {
      const link = new FakeLink(report, answer);
      links.push(link);
      return Promise.resolve(link);
    },
    (problem) => problems.push(problem),
  );
  return { server, links, problems };
}

const local = { available: true, host: 'here' };

describe('Server', () => {
  it('starts with the first request, once', async () => {
    const { server, links } = setUp(() => local);
    expect(server.state.kind).toBe('idle');
    expect(links).toHaveLength(0);
    const both = await Promise.all([server.request(Requests.local, {}), server.request(Requests.local, {})]);
    expect(both).toEqual([local, local]);
    expect(links).toHaveLength(1);
    expect(server.state.kind).toBe('running');
  });

  it('checks what goes out and what comes in', async () => {
    const { server, links } = setUp(() => ({ available: 'yes' }));
    await expect(server.request(Requests.local, {})).rejects.toBeInstanceOf(ProtocolError);
    await expect(server.request(Requests.disconnect, { target: 'x'.repeat(2000) })).rejects.toBeInstanceOf(ProtocolError);
    expect(links[0]?.sent).toHaveLength(1);
  });

  it('gives notifications to every handler, and drops those that do not fit', async () => {
    const { server, links, problems } = setUp(() => local);
    const seen: string[] = [];
    server.onNotification(ServerNotifications.terminalData, ({ data }) => void seen.push(`1 ${data}`));
    const second = server.onNotification(ServerNotifications.terminalData, ({ data }) => void seen.push(`2 ${data}`));
    await server.request(Requests.local, {});
    const tell = links[0]?.notifications.get(ServerNotifications.terminalData.method);
    tell?.({ terminal: 't', data: 'a' });
    second.dispose();
    tell?.({ terminal: 't', data: 'b' });
    tell?.({ terminal: 't' });
    expect(seen).toEqual(['1 a', '2 a', '1 b']);
    expect(problems).toHaveLength(1);
  });

  it('answers the server, with checked params and a checked answer', async () => {
    const { server, links } = setUp(() => local);
    server.onRequest(ServerRequests.askSecret, ({ prompt }) => Promise.resolve({ value: prompt }));
    await server.request(Requests.local, {});
    const ask = links[0]?.requests.get(ServerRequests.askSecret.method);
    const question = { host: 'h', prompt: 'Password:', echo: false, about: { kind: 'question' }, wrong: 0, interactive: true };
    await expect(ask?.(question)).resolves.toEqual({ value: 'Password:' });
    await expect(ask?.({ host: 'h' })).rejects.toBeInstanceOf(ProtocolError);
    const trust = links[0]?.requests.get(ServerRequests.askHostKey.method);
    await expect(trust?.({})).rejects.toBeInstanceOf(ProtocolError);
  });

  it('tells of crashes, refuses after the last one, and starts anew when told to', async () => {
    const { server, links } = setUp(() => local);
    const states: string[] = [];
    server.onState(({ kind }) => void states.push(kind));
    await server.request(Requests.local, {});
    links[0]?.report({ kind: 'restarting' });
    links[0]?.report({ kind: 'started' });
    links[0]?.report({ kind: 'failed', why: 'Six times.' });
    await expect(server.request(Requests.local, {})).rejects.toThrow('Six times.');
    await server.restart();
    expect(states).toEqual(['starting', 'running', 'restarting', 'running', 'failed', 'idle', 'starting', 'running']);
    expect(links).toHaveLength(2);
    await expect(server.request(Requests.local, {})).resolves.toEqual(local);
  });

  it('says why it could not be started', async () => {
    const server = new Server(() => Promise.reject(new Error('No such file.')), () => undefined);
    await expect(server.request(Requests.local, {})).rejects.toThrow('No such file.');
    expect(server.state).toEqual({ kind: 'failed', why: 'No such file.' });
  });
});

it('allows five starts within three minutes', () => {
  const budget = new RestartBudget(5, 180_000);
  expect([0, 1, 2, 3, 4].map((at) => budget.allows(at * 1000))).toEqual([true, true, true, true, true]);
  expect(budget.allows(5000)).toBe(false);
  expect(budget.allows(400_000)).toBe(true);
});

it('shows text from elsewhere as one harmless line', () => {
  expect(plain('a\nb\u001b[31m\u202ec')).toBe('a b [31m c');
  expect(plain('x'.repeat(900), 10)).toBe(`${'x'.repeat(10)}…`);
  expect(isCancelled({ code: -32800 })).toBe(true);
  expect(isCancelled(new Error('other'))).toBe(false);
});
