import { msg } from '../../../src/core/message.js';
import type { Recording } from '../../../src/core/recording/types.js';

/** A recording with one of everything. */
export const recording: Recording = {
  header: {
    product: '0.1.0',
    target: 'ssh://ops@web-1/',
    host: { name: 'web-1', kernel: '6.1.0', bootId: 'b-1', uid: 1000, tools: new Set(['ss', 'ip']) },
    began: '2026-11-20T14:03:00.000Z',
    inNamespace: false,
    commandSeconds: 4,
    redacted: false,
  },
  hello: [{ name: 'look', text: 'tool ss', status: 0 }],
  answers: [
    { seq: 1, tiers: ['fast', 'medium', 'slow'], parts: [{ name: 'files', text: '==> /proc/uptime <==\n10.00 1.00\n', status: 1 }] },
    { seq: 2, tiers: ['fast'], parts: [{ name: 'files', text: '==> /proc/uptime <==\n11.00 1.00\n\u2028\ufffd', status: undefined }] },
  ],
  windows: [
    {
      at: 1_763_647_383_000,
      answers: [1, 2],
      root: {
        kind: 'looked',
        hello: [{ name: 'look', text: '', status: 0 }],
        begin: { kind: 'answer', answer: { seq: 1, tiers: ['medium'], parts: [{ name: 'firewall', text: 'x', status: 0 }] } },
        trace: { kind: 'printed', begun: 'droplens-trace ready hist\n', ended: undefined },
        end: { kind: 'failed', why: 'the host did not answer' },
      },
      report: { verdict: 'loss', findings: [{ cause: 'x', rate: 1.5 }] },
    },
  ],
  commands: [
    {
      at: 1_763_647_390_000, runbook: 'packet-loss', command: 'ping', hash: 'abc', script: 'ping "$HOST"', env: [['HOST', '10.0.0.1']],
      exit: null, seconds: 1.5, output: 'PING 10.0.0.1\n', truncated: true, timedOut: false,
    },
  ],
  changes: [
    { when: 1_763_647_400_000, title: 'A longer queue', commands: ['sysctl -w net.core.somaxconn=4096'], before: '128', after: '4096', outcome: 'kept', proof: '5/s → 0/s' },
  ],
};

/** The same, without root. */
export const withoutRoot: Recording = {
  ...recording,
  windows: recording.windows.map((window) => ({ ...window, root: { kind: 'without', why: msg('it needs root'), how: undefined } })),
};
