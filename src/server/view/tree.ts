import type { Diagnosis, Finding } from '../../core/diagnosis/types.js';
import { LAYERS, layerTitle, type Layer } from '../../core/layers.js';
import { msg } from '../../core/message.js';
import type { WindowView } from '../../core/observe/window.js';
import type { HostInfo } from '../../core/sample.js';
import { SIGNALS } from '../../core/signals/catalogue.js';
import type { Translate } from '../../engine/report.js';
import type { TreeNode } from '../../protocol/tree.js';
import { count, oneLine, perSecond } from './format.js';
import { Judgement, worst } from './judgement.js';
import { rowGroups } from './rows.js';
import { signalNode } from './signals.js';

/** What the nodes of a tree are made from. */
export interface TreeInput {
  readonly view: WindowView;
  readonly diagnosis: Diagnosis;
  readonly host: HostInfo;
  /** The name under which the person knows the target. */
  readonly title: string;
  readonly translate: Translate;
}

/** The whole tree of a target, parents before children. Order numbers come from the catalogue, never from values. */
export function treeNodes(input: TreeInput): readonly TreeNode[] {
  const judgement = new Judgement(input.diagnosis);
  const nodes: TreeNode[] = [targetNode(input, judgement)];
  for (const [order, layer] of LAYERS.entries()) {
    const children = childrenOf(layer, input, judgement);
    nodes.push(layerNode(layer, order, children, input, judgement), ...children);
  }
  return nodes;
}

function childrenOf(layer: Layer, input: TreeInput, judgement: Judgement): readonly TreeNode[] {
  const groups = rowGroups(layer, input, judgement);
  const signals = SIGNALS.filter((signal) => signal.layer === layer && !signal.id.startsWith('sysctl.')).flatMap((signal, index) => {
    const node = signalNode(signal, index + 100, `layer/${layer}`, input, judgement);
    return node ? [node] : [];
  });
  return [...groups, ...signals];
}

function targetNode(input: TreeInput, judgement: Judgement): TreeNode {
  const { host, translate } = input;
  const health = worst(input.diagnosis.findings.filter((finding) => finding.severity !== 'history'), 'ok');
  const alarms = judgement.alarms;
  const said =
    alarms === 0 ? translate(msg('nothing is being lost')) : alarms === 1 ? translate(msg('1 finding')) : translate(msg('{0} findings', alarms));
  return {
    id: 'target',
    parent: null,
    order: 0,
    kind: 'target',
    layer: null,
    label: input.title,
    description: `${oneLine(host.name, 60)} · ${said}`,
    health,
    tooltip: translate(msg('{0}, Linux {1}. Values are from the last seconds; totals since boot are history.', oneLine(host.name, 60), oneLine(host.kernel, 60))),
    spoken: `${input.title}, ${said}`,
    step: null,
  };
}

function layerNode(
  layer: Layer,
  order: number,
  children: readonly TreeNode[],
  input: TreeInput,
  judgement: Judgement,
): TreeNode {
  const { translate } = input;
  const findings = judgement.ofLayer(layer);
  const label = translate(layerTitle(layer));
  const description = findings[0] ? sentence(findings, translate) : children.length === 0 ? translate(msg('nothing to show')) : '';
  const health = worst(findings, children.length === 0 ? 'idle' : 'ok');
  return {
    id: `layer/${layer}`,
    parent: 'target',
    order,
    kind: 'layer',
    layer,
    label,
    description: oneLine(description),
    health,
    tooltip: findings.length > 0 ? findings.map((finding) => oneLine(finding.summary, 400)).join('\n') : layerHelp(layer, translate),
    spoken: `${label}, ${description === '' ? translate(msg('nothing is being lost')) : description}`,
    step: null,
  };
}

function sentence(findings: readonly Finding[], translate: Translate): string {
  const [first] = findings;
  if (first === undefined) return '';
  const rate = first.rate > 0 ? ` ${perSecond(first.rate)} ${first.unit}` : '';
  const more = findings.length > 1 ? ` ${translate(msg('and {0} more', count(findings.length - 1)))}` : '';
  return `${first.title}${rate}${more}`;
}

function layerHelp(layer: Layer, translate: Translate): string {
  switch (layer) {
    case 'application':
      return translate(msg('Sockets and the programs behind them: accept queues, unread data.'));
    case 'transport':
      return translate(msg('TCP and UDP: connection queues, socket buffers, retransmission.'));
    case 'netfilter':
      return translate(msg('Firewall, connection tracking, IPsec policies.'));
    case 'network':
      return translate(msg('IPv4, IPv6 and ICMP: routing, fragments, malformed packets.'));
    case 'neighbour':
      return translate(msg('ARP and neighbour discovery.'));
    case 'link':
      return translate(msg('Interfaces and their queueing disciplines.'));
    case 'softnet':
      return translate(msg('The per-CPU queues between driver and protocol.'));
    case 'nic':
      return translate(msg('The network card and its driver: rings, errors, link.'));
    case 'path':
      return translate(msg('What lies between the hosts: seen from here as retransmission.'));
  }
}
