import type { TableName } from '../../core/facts.js';
import type { Layer } from '../../core/layers.js';
import { msg, type Message } from '../../core/message.js';
import { isTableOfWholeHost, WHOLE_HOST, WHOLE_HOST_NOTE } from '../../core/namespaces/wholeHost.js';
import { rowsOf } from '../../core/observe/derive.js';
import { sourceOfTable } from '../../core/observe/origin.js';
import type { RowWindow } from '../../core/observe/window.js';
import type { TreeNode } from '../../protocol/tree.js';
import { count, oneLine, perSecond } from './format.js';
import { describeRow } from './describe.js';
import { worst, type Judgement } from './judgement.js';
import type { TreeInput } from './tree.js';

/** A list of things under a layer. */
interface Group {
  readonly layer: Layer;
  readonly table: TableName;
  readonly title: Message;
  readonly step: string;
  /** Shown also without rows: for things that come and go. */
  readonly stays: boolean;
  /** Which rows are worth a line; the rest is only counted. */
  shows(row: RowWindow): boolean;
  /** Row values shown as children: always, or only when they have moved at all. */
  readonly values: readonly string[];
  readonly always: readonly string[];
}

/** Rows that one group lists at most, so that a host with thousands of sockets stays readable and cheap. */
const MOST_ROWS = 250;

const total = (row: RowWindow, name: string): number => Number(row.counters.get(name)?.after ?? 0);
const level = (row: RowWindow, name: string): number => row.levels.get(name)?.after ?? 0;

const GROUPS: readonly Group[] = [
  {
    layer: 'application',
    table: 'listener',
    title: msg('Listeners (accept queue)'),
    step: 'accept-queue',
    stays: true,
    shows: () => true,
    values: [],
    always: [],
  },
  {
    layer: 'application',
    table: 'socket',
    title: msg('Connections with waiting data'),
    step: 'established-queues',
    stays: true,
    shows: () => true,
    values: [],
    always: [],
  },
  {
    layer: 'application',
    table: 'udp',
    title: msg('UDP sockets'),
    step: 'socket-buffers',
    stays: true,
    shows: (row) => total(row, 'drops') > 0 || level(row, 'recv_q') > 0 || row.labels.has('process'),
    values: [],
    always: [],
  },
  {
    layer: 'link',
    table: 'interface',
    title: msg('Interfaces'),
    step: 'interface-drops',
    stays: false,
    shows: () => true,
    always: ['rx_packets', 'tx_packets'],
    values: [
      'rx_dropped', 'rx_missed_errors', 'rx_nohandler', 'rx_otherhost_dropped', 'rx_over_errors', 'rx_fifo_errors', 'rx_length_errors',
      'rx_crc_errors', 'rx_frame_errors', 'tx_dropped', 'tx_carrier_errors', 'tx_fifo_errors', 'tx_window_errors',
      'tx_aborted_errors', 'collisions', 'carrier_changes',
    ],
  },
  {
    layer: 'link',
    table: 'qdisc',
    title: msg('Queueing disciplines'),
    step: 'qdisc',
    stays: false,
    shows: (row) => row.labels.get('kind') !== 'noqueue',
    values: [],
    always: [],
  },
  {
    layer: 'softnet',
    table: 'cpu',
    title: msg('Backlog per CPU'),
    step: 'protocol-drops',
    stays: false,
    shows: () => true,
    values: [],
    always: [],
  },
  {
    layer: 'nic',
    table: 'nic',
    title: msg('Network cards'),
    step: 'ring-buffer',
    stays: false,
    shows: () => true,
    values: ['ring_overflow', 'crc', 'allowance_exceeded'],
    always: [],
  },
];

/** The group nodes of a layer, each followed by its rows and their values. */
export function rowGroups(layer: Layer, input: TreeInput, judgement: Judgement): readonly TreeNode[] {
  return GROUPS.filter((group) => group.layer === layer).flatMap((group, order) => groupNodes(group, order, input, judgement));
}

function groupNodes(group: Group, order: number, input: TreeInput, judgement: Judgement): readonly TreeNode[] {
  const all = rowsOf(input.view, group.table);
  const shown = all.filter((row) => group.shows(row));
  // Sockets with waiting data come and go: their heading stays, so that what is below it does not jump.
  if (shown.length === 0 && (!group.stays || input.view.unreadable.has(sourceOfTable(group.table)))) return [];
  const listed = shown.slice(0, MOST_ROWS);
  const id = `group/${group.table}`;
  const findings = listed.flatMap((row) => judgement.ofRow(row));
  const title = input.translate(group.title);
  const hidden = shown.length - listed.length;
  const number = hidden > 0 ? input.translate(msg('{0}, {1} not listed', count(shown.length), count(hidden))) : count(shown.length);
  const shared = input.view.inNamespace === true && isTableOfWholeHost(group.table);
  const description = shared ? `${number} · ${input.translate(WHOLE_HOST)}` : number;
  const head: TreeNode = {
    id,
    parent: `layer/${group.layer}`,
    order,
    kind: 'group',
    layer: group.layer,
    label: title,
    description,
    health: worst(findings, 'idle'),
    tooltip: shared ? `${title}\n${input.translate(WHOLE_HOST_NOTE)}` : title,
    spoken: `${title}, ${description}`,
    step: group.step,
  };
  return [head, ...listed.flatMap((row, index) => rowNodes(group, row, index, id, input, judgement))];
}

function rowNodes(
  group: Group,
  row: RowWindow,
  order: number,
  parent: string,
  input: TreeInput,
  judgement: Judgement,
): readonly TreeNode[] {
  const id = `row/${group.table}/${row.key}`;
  const findings = judgement.ofRow(row);
  const text = describeRow(row, input.view, input.translate);
  const shared = input.view.inNamespace === true && isTableOfWholeHost(group.table);
  const label = oneLine(text.label, 80);
  const description = oneLine(text.description);
  const head: TreeNode = {
    id,
    parent,
    order,
    kind: 'row',
    layer: group.layer,
    label,
    description,
    health: worst(findings, 'idle'),
    tooltip: [...findings.map((finding) => finding.summary), ...text.details, ...(shared ? [input.translate(WHOLE_HOST_NOTE)] : [])].map((line) => oneLine(line, 400)).join('\n'),
    spoken: `${label}, ${description}`,
    step: group.step,
  };
  return [head, ...valueNodes(group, row, id, input)];
}

function valueNodes(group: Group, row: RowWindow, parent: string, input: TreeInput): readonly TreeNode[] {
  const names = [...group.always, ...group.values.filter((name) => total(row, name) > 0)];
  return names.flatMap((name, order) => {
    const counter = row.counters.get(name);
    if (counter === undefined) return [];
    const sum = count(Number(counter.after));
    const description =
      counter.delta === undefined || counter.seconds <= 0
        ? input.translate(msg('{0} total', sum))
        : input.translate(msg('{0}/s · {1} total', perSecond(counter.delta / counter.seconds), sum));
    const node: TreeNode = {
      id: `${parent}/${name}`,
      parent,
      order,
      kind: 'value',
      layer: group.layer,
      label: name,
      description,
      health: 'idle',
      tooltip: `${group.table}.${name}`,
      spoken: `${name}, ${description}`,
      step: group.step,
    };
    return [node];
  });
}
