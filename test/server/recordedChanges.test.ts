import { expect, test } from 'vitest';
import { english } from '../../src/core/message.js';
import type { Entry } from '../../src/server/changes/log.js';
import { recordedChanges } from '../../src/server/changes/recorded.js';

const entry: Entry = {
  id: '1', at: 1_000_000_000, target: 'local:/', host: 'web-1', bootId: 'b', title: 'A longer queue', runbook: 'r', fix: 'f',
  steps: [{ setting: { kind: 'sysctl', path: 'net/core/somaxconn', index: null }, name: 'net.core.somaxconn', before: { value: '128', state: '128' }, after: '4096' }],
  outcome: 'kept', proof: { verdict: 'stopped', lines: [{ signal: 'TcpExt.ListenOverflows', before: 5.1, after: 0, level: false }], seconds: [5, 5] },
  persisted: [{ path: '/etc/sysctl.d/60-droplens.conf', at: 1_000_000_001, before: null, after: 'x' }], undoneAt: null,
};

test('a change is told with what it was before and after, its end and its proof', () => {
  expect(recordedChanges([entry], 1_000_000_000, english)).toEqual([
    {
      when: 1_000_000_000, title: 'A longer queue', commands: ['net.core.somaxconn: 128 → 4096', 'written: /etc/sysctl.d/60-droplens.conf'], before: '128', after: '4096', outcome: 'kept',
      proof: 'It stopped: TcpExt.ListenOverflows 5.1/s → 0/s.',
    },
  ]);
  expect(recordedChanges([{ ...entry, undoneAt: 1_000_000_002 }], 0, english)[0]?.outcome).toBe('undone later');
});

test('one from long before the recording is another story', () => {
  expect(recordedChanges([entry], 1_000_000_000 + 25 * 3_600_000, english)).toEqual([]);
});
