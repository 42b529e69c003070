import type { Layer } from '../layers.js';
import type { Message } from '../message.js';

/** Steps of media/runbooks/packet-loss.md. */
export const STEPS = [
  'bandwidth', 'connections', 'processes', 'go-trace', 'syn-queue', 'accept-queue', 'abort-on-overflow',
  'established-queues', 'conntrack', 'interface-drops', 'protocol-drops', 'qdisc', 'ring-buffer', 'link-capacity',
  'socket-buffers', 'mtu', 'path', 'retransmission',
] as const;
export type StepId = (typeof STEPS)[number];

/** One value that a host shows and that is worth a name. */
export interface Signal {
  /** Exactly the id that the parsers produce; `TABLE.NAME` for a value of a row (`interface.rx_dropped`). */
  readonly id: string;
  readonly layer: Layer;
  readonly direction: 'rx' | 'tx' | 'fwd' | 'both';
  /** What is counted: `packets`, `segments`, `bytes`, `pages` … */
  readonly unit: string;
  /** Whether its movement by itself means that something was lost. `maybe`: one counter, several causes. */
  readonly loss: 'loss' | 'maybe' | 'no';
  /** What the kernel counts, in one sentence. */
  readonly meaning: Message;
  /** What moves it although nothing is wrong. */
  readonly harmless?: Message;
  /** Where the kernel counts it: function or document. */
  readonly source: string;
  /** Step of the guide that looks at it. */
  readonly step: StepId;
  /** Shown in the tree even when it is zero; others appear once they are not. */
  readonly showAlways: boolean;
}

type Rest = Partial<Pick<Signal, 'direction' | 'unit' | 'loss' | 'harmless' | 'showAlways'>>;

/** Signals of one group: what they share is said once, first. */
export function group(
  shared: Pick<Signal, 'layer'> & Rest,
): (id: string, step: StepId, source: string, meaning: Message, rest?: Rest) => Signal {
  return (id, step, source, meaning, rest) => ({
    direction: 'rx',
    unit: 'packets',
    loss: 'no',
    showAlways: false,
    ...shared,
    ...rest,
    id,
    step,
    source,
    meaning,
  });
}
