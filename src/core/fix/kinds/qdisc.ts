import { msg, type Message } from '../../message.js';
import { parseTcQdisc } from '../../parse/tc-qdisc.js';
import type { Act, Current, Setting, SettingKind } from '../types.js';

type Qdisc = Extract<Setting, { kind: 'qdisc' }>;

/** Kinds that take a `limit` alone in `tc qdisc change` (tc-pfifo(8), tc-fq(8), tc-fq_codel(8), tc-codel(8), tc-sfq(8)). */
const CHANGEABLE: ReadonlySet<string> = new Set(['pfifo', 'bfifo', 'fq', 'fq_codel', 'codel', 'sfq', 'pie', 'fq_pie']);

/** Handle of a queueing discipline that the kernel made by itself: there is nothing to address `change` to. */
const AUTOMATIC = '0:';

/** How many packets or bytes a queueing discipline holds. */
export const qdiscKind: SettingKind<Qdisc> = {
  tools: () => ['tc'],
  name: ({ dev, parent, option }) => `${option} of qdisc ${parent} on ${dev}`,
  reads: ({ dev }) => [{ kind: 'run', argv: ['tc', 'qdisc', 'show', 'dev', dev] }],
  understand({ dev, parent }, [text = '']): Current | Message {
    const row = parseTcQdisc(withDevice(text, dev)).rows.find(({ labels }) => labels.get('dev') === dev && labels.get('parent') === parent);
    if (row === undefined) return msg('There is no queueing discipline at {0} of {1}.', parent, dev);
    const kind = row.labels.get('kind') ?? '';
    const handle = row.labels.get('handle') ?? '';
    const limit = row.gauges.get('limit');
    if (!CHANGEABLE.has(kind) || limit === undefined) return msg('The limit of {0} cannot be changed by itself.', kind);
    if (handle === AUTOMATIC && parent !== 'root') {
      return msg('{0} at {1} of {2} was made by the kernel and has no handle by which it could be changed.', kind, parent, dev);
    }
    return { value: String(limit), state: `${kind} ${handle} ${limit}` };
  },
  check({ option }, value) {
    const fits = /^\d{1,9}$/.test(value) && Number(value) >= 1 && Number(value) <= 100_000_000;
    return fits ? undefined : msg('{0} is a whole number from {1} to {2}.', option, 1, 100_000_000);
  },
  sets: (setting, value, current) => change(setting, current.state, value),
  resets(setting, before) {
    const [, handle, limit = ''] = before.state.split(' ');
    // Without the one that we made, the kernel has its own again. It is gone already where the change was never made.
    if (handle === AUTOMATIC) return [{ kind: 'run', argv: ['tc', 'qdisc', 'del', 'dev', setting.dev, 'root'], tolerates: 2 }];
    return change(setting, before.state, limit);
  },
};

/** Asked for one device, tc leaves its name out of the listing (tc/tc_qdisc.c, print_qdisc). */
function withDevice(text: string, dev: string): string {
  return text.replace(/^(qdisc \S+ \S+) (?!dev )/gm, (_line, head: string) => `${head} dev ${dev} `);
}

function change({ dev, parent }: Qdisc, state: string, limit: string): readonly Act[] {
  const [kind = '', handle = ''] = state.split(' ');
  const place = parent === 'root' ? ['root'] : ['parent', parent];
  if (handle === AUTOMATIC) return [{ kind: 'run', argv: ['tc', 'qdisc', 'replace', 'dev', dev, ...place, kind, 'limit', limit] }];
  return [{ kind: 'run', argv: ['tc', 'qdisc', 'change', 'dev', dev, ...place, 'handle', handle, kind, 'limit', limit] }];
}
