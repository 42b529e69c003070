import { describe, expect, test } from 'vitest';
import type { Diagnosis, NotChecked } from '../../src/core/diagnosis/types.js';
import { english, msg } from '../../src/core/message.js';
import { derive } from '../../src/core/observe/derive.js';
import { observe } from '../../src/core/observe/window.js';
import type { Cause } from '../../src/core/runbook/cause.js';
import type { Sample } from '../../src/core/sample.js';
import type { TreeNode } from '../../src/protocol/tree.js';
import { treeNodes } from '../../src/server/view/tree.js';
import { sample, unreadable, type FactsSpec } from '../core/support/samples.js';

const clean: Diagnosis = { seconds: 5, samples: 2, verdict: 'clean', findings: [], notChecked: [] };
const cause = (id: string): Cause => ({ id, layer: 'application' }) as Cause;

function nodes(samples: readonly Sample[], diagnosis: Diagnosis = clean): ReadonlyMap<string, TreeNode> {
  const host = { name: 'web-1', kernel: '6.1', arch: 'x86_64', uid: 0 } as never;
  const view = derive(observe(samples, 5));
  const made = treeNodes({ view, diagnosis, host, backend: undefined, causes: [cause('full'), cause('slow')], title: 'This machine', translate: english });
  return new Map(made.map((node) => [node.id, node]));
}

const at = (time: number, timeWait: number, listeners?: FactsSpec): Sample =>
  sample(time, {
    netstat: { counters: { 'TcpExt.ListenOverflows': 10 + time } },
    sockstat: { gauges: { 'sockstat.TCP.tw': timeWait } },
    ...(listeners === undefined ? {} : { ss_listen: listeners }),
  });

const full = { rows: [{ table: 'listener' as const, key: 'tcp 0.0.0.0:80', labels: { local: '0.0.0.0:80', process: 'nginx' }, gauges: { recv_q: 3, send_q: 2 } }] };

describe('the tree', () => {
  test('after one look says that it measures, and calls nothing healthy', () => {
    const tree = nodes([at(0, 1)]);
    expect(tree.get('target')).toMatchObject({ description: 'measuring… · web-1', health: 'idle' });
    expect([...tree.values()].filter((node) => node.health === 'ok')).toEqual([]);
    expect(tree.get('layer/application')?.spoken).toBe('Application, measuring…');
  });

  test('after two looks says that nothing is lost', () => {
    const tree = nodes([at(0, 1), at(5, 1)]);
    expect(tree.get('target')).toMatchObject({ description: 'no loss · web-1', health: 'ok' });
    expect(tree.get('layer/application')).toMatchObject({ description: '', health: 'ok' });
  });

  test('calls a layer unknown when something essential of it could not be read', () => {
    const missing: NotChecked = { what: msg('listeners'), why: msg('ss is not installed'), how: undefined, essential: true, causes: ['full'] };
    const tree = nodes([at(0, 1), at(5, 1)], { ...clean, verdict: 'incomplete', notChecked: [missing] });
    expect(tree.get('target')).toMatchObject({ health: 'unknown' });
    expect(tree.get('layer/application')).toMatchObject({ description: 'cannot tell: ss is not installed', health: 'unknown' });
    expect(tree.get('layer/transport')).toMatchObject({ health: 'ok' });
  });

  test('keeps the row of a level that is zero, so that nothing below it jumps', () => {
    expect(nodes([at(0, 7), at(5, 0)]).get('signal/sockstat.TCP.tw')?.description).toBe('0');
  });

  test('keeps the heading of sockets while there are none, but not when they could not be read', () => {
    expect(nodes([at(0, 1, { rows: [] }), at(5, 1, { rows: [] })]).get('group/listener')?.description).toBe('0');
    const blind = sample(5, { netstat: { counters: {} }, ss_listen: unreadable('no-tool') });
    expect(nodes([blind]).has('group/listener')).toBe(false);
  });

  test('says the important first: a side bar is narrow', () => {
    const tree = nodes([at(0, 1, full), at(5, 1, full)]);
    expect(tree.get('row/listener/tcp 0.0.0.0:80')?.description).toBe('3/2 waiting · nginx');
    expect(tree.get('signal/TcpExt.ListenOverflows')?.description).toBe('1/s · 15 total');
  });
});
