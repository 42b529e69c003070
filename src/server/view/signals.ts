import { msg } from '../../core/message.js';
import { isOfWholeHost, WHOLE_HOST, WHOLE_HOST_NOTE } from '../../core/namespaces/wholeHost.js';
import type { Signal } from '../../core/signals/catalogue.js';
import type { TreeNode } from '../../protocol/tree.js';
import { bytes, count, perSecond } from './format.js';
import { worst, type Judgement } from './judgement.js';
import type { TreeInput } from './tree.js';

/** The row of a host-wide counter or level; `undefined` when the host does not have it or it is not worth a row. */
export function signalNode(
  signal: Signal,
  order: number,
  parent: string,
  input: TreeInput,
  judgement: Judgement,
): TreeNode | undefined {
  const { view, translate } = input;
  const counter = view.counters.get(signal.id);
  const level = view.levels.get(signal.id);
  if (counter === undefined && level === undefined) return undefined;
  const total = Number(counter?.after ?? 0);
  // A counter that never moved is left out and comes once; a level goes up and down, and rows must not come and go with it.
  if (counter && !signal.showAlways && total === 0) return undefined;
  const findings = judgement.ofSignal(signal.id);
  const shared = view.inNamespace === true && isOfWholeHost(signal.id);
  const value = counter ? counterText(counter, input) : levelText(signal, level?.after ?? 0);
  const description = shared ? `${value} · ${translate(WHOLE_HOST)}` : value;
  return {
    id: `signal/${signal.id}`,
    parent,
    order,
    kind: 'value',
    layer: signal.layer,
    label: signal.id,
    description,
    health: worst(findings, 'idle'),
    tooltip: [
      translate(signal.meaning),
      ...(signal.harmless ? [translate(signal.harmless)] : []),
      ...(shared ? [translate(WHOLE_HOST_NOTE)] : []),
      ...(counter ? [translate(msg('{0} since boot (history, proves nothing about this moment).', count(total)))] : []),
    ].join('\n'),
    spoken: `${signal.id}, ${description}`,
    step: signal.step,
  };
}

/** The rate first: a side bar is narrow, and the total proves nothing about this moment. */
function counterText(counter: { delta: number | undefined; seconds: number; after: number | bigint }, input: TreeInput): string {
  const { translate } = input;
  const total = Number(counter.after);
  if (total === 0) return '0';
  if (counter.delta === undefined || counter.seconds <= 0) return translate(msg('{0} total', count(total)));
  return translate(msg('{0}/s · {1} total', perSecond(counter.delta / counter.seconds), count(total)));
}

function levelText(signal: Signal, value: number): string {
  return signal.unit === 'bytes' ? bytes(value) : count(value);
}
