import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CancellationTokenSource } from 'vscode-languageserver/node';
import { formatFlow } from '../../src/core/bothEnds/flow.js';
import { BothEndsReport } from '../../src/protocol/bothEnds.js';
import { Requests } from '../../src/protocol/messages.js';
import { startServer, type TestServer } from '../server/client.js';
import { bundle, type Bundled } from '../support/bundle.js';
import { tcp, type TcpScene } from './flows/case.js';
import { Lab, whyNot } from './lab.js';

let built: Bundled;
let server: TestServer;
let storage: string;
let lab: Lab;
let scene: TcpScene;
let pair: { readonly a: string; readonly b: string };

beforeAll(async () => {
  const why = await whyNot();
  if (why !== undefined) throw new Error(`The lab did not run, because ${why}`);
  storage = await mkdtemp(join(tmpdir(), 'dlab-server-'));
  built = await bundle('server/main.ts', 'server');
  server = await startServer(built.file, { runbooks: fileURLToPath(new URL('../../media/runbooks', import.meta.url)), storage });
  lab = new Lab();
  scene = await tcp(lab);
  // The receiver never reads: the connection stands still for as long as the test runs.
  await scene.near.host.agent().send(scene.from, 64_000_000, 0.3);
  pair = { a: `local:/netns/${scene.far.host.netns}`, b: `local:/netns/${scene.near.host.netns}` };
});

afterAll(async () => {
  await server.stop();
  await lab[Symbol.asyncDispose]();
  built.remove();
  await rm(storage, { recursive: true, force: true });
});

const ask = <S extends v.GenericSchema>(spec: { readonly method: string; readonly result: S }, params: unknown): Promise<v.InferOutput<S>> =>
  server.rpc.sendRequest(spec.method, params).then((answer) => v.parse(spec.result, answer));

describe('both ends, over the protocol', () => {
  it('lists the flow between two hosts, watches it with progress, and keeps the live view going', { timeout: 60_000 }, async () => {
    const { flows } = await ask(Requests.flows, pair);
    expect(flows.map(({ flow }) => flow)).toEqual([formatFlow(scene.flow)]);
    const report = await ask({ ...Requests.bothEnds, result: BothEndsReport }, { ...pair, flow: flows[0]?.flow ?? '', seconds: 1 });
    expect(report).toMatchObject({ place: 'receiver-application', where: 'in the receiver’s application', ends: { sender: { target: pair.b }, receiver: { target: pair.a } } });
    const progress = server.received('droplens/diagnose/progress');
    expect(progress).toContainEqual(expect.objectContaining({ target: pair.a, seconds: 1 }));
    await server.rpc.sendRequest('droplens/watch', { target: pair.a, tree: true, intervalMs: 250 });
    const seen = server.received('droplens/tree').length;
    await server.until<{ seq: number; state: { kind: string } }>('droplens/tree', ({ state }) => state.kind === 'live' && server.received('droplens/tree').length > seen + 1);
    await server.rpc.sendRequest('droplens/watch', { target: pair.a, tree: false, intervalMs: 250 });
  });

  it('refuses one host twice, and what is no flow', async () => {
    await expect(ask(Requests.flows, { a: pair.a, b: pair.a })).rejects.toThrow('choose two');
    await expect(ask(Requests.bothEnds, { ...pair, flow: 'tcp here > there', seconds: 1 })).rejects.toThrow('is not a flow');
    await expect(ask(Requests.bothEnds, { ...pair, flow: 'tcp 10.0.0.1:1 > 10.0.0.2:2', seconds: 1 })).rejects.toThrow('Neither');
  });

  it('can be cancelled, and works again afterwards', { timeout: 60_000 }, async () => {
    const source = new CancellationTokenSource();
    const before = server.received('droplens/diagnose/progress').length;
    const running = server.rpc.sendRequest(Requests.bothEnds.method, { ...pair, flow: formatFlow(scene.flow), seconds: 60 }, source.token);
    const ended = expect(running).rejects.toThrow();
    await server.until('droplens/diagnose/progress', () => server.received('droplens/diagnose/progress').length > before);
    source.cancel();
    await ended;
    expect((await ask(Requests.bothEnds, { ...pair, flow: formatFlow(scene.flow), seconds: 1 })).verdict).toBe('loss');
  });
});
