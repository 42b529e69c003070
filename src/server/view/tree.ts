import type { SshBackend } from '../../collect/ssh/types.js';
import type { Diagnosis, Finding } from '../../core/diagnosis/types.js';
import { LAYERS, layerTitle, type Layer } from '../../core/layers.js';
import { msg } from '../../core/message.js';
import { isFirstLook, type WindowView } from '../../core/observe/window.js';
import type { HostInfo } from '../../core/sample.js';
import type { Cause } from '../../core/runbook/cause.js';
import { SIGNALS, type Signal } from '../../core/signals/catalogue.js';
import type { Translate } from '../../engine/report.js';
import type { Health, TreeNode } from '../../protocol/tree.js';
import { backendText } from './backend.js';
import { count, oneLine, perSecond } from './format.js';
import { Judgement, worst } from './judgement.js';
import { rowGroups } from './rows.js';
import { signalNode } from './signals.js';

/** What the nodes of a tree are made from. */
export interface TreeInput {
  readonly view: WindowView;
  readonly diagnosis: Diagnosis;
  readonly host: HostInfo;
  /** Which program made the SSH connection; `undefined` where there is none. */
  readonly backend: SshBackend | undefined;
  readonly causes: readonly Cause[];
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

/** Settings and ceilings do not move: the runbook quotes them where they matter, the tree is for what lives. */
function isSetting(signal: Signal): boolean {
  return signal.id.startsWith('sysctl.') || (signal.id.endsWith('.max') && !signal.showAlways);
}

function childrenOf(layer: Layer, input: TreeInput, judgement: Judgement): readonly TreeNode[] {
  const groups = rowGroups(layer, input, judgement);
  const signals = SIGNALS.filter((signal) => signal.layer === layer && !isSetting(signal)).flatMap((signal, index) => {
    const node = signalNode(signal, index + 100, `layer/${layer}`, input, judgement);
    return node ? [node] : [];
  });
  return [...groups, ...signals];
}

function targetNode(input: TreeInput, judgement: Judgement): TreeNode {
  const { host, backend, translate } = input;
  const { alarms } = judgement;
  const calm = quiet(input);
  const health = worst(input.diagnosis.findings.filter((finding) => finding.severity !== 'history'), calm.health);
  const said = alarms === 0 ? calm.said : alarms === 1 ? translate(msg('1 finding')) : translate(msg('{0} findings', alarms));
  return {
    id: 'target',
    parent: null,
    order: 0,
    kind: 'target',
    layer: null,
    label: input.title,
    description: `${said} · ${oneLine(host.name, 60)}`,
    health,
    tooltip: [
      translate(msg('{0}, Linux {1}. Values are from the last seconds; totals since boot are history.', oneLine(host.name, 60), oneLine(host.kernel, 60))),
      ...(backend === undefined ? [] : [oneLine(translate(backendText(backend)), 400)]),
    ].join('\n'),
    spoken: `${input.title}, ${said}`,
    step: null,
  };
}

/** What may be said of a host without findings. One look has no rates: it cannot tell that nothing is being lost. */
function quiet({ view, diagnosis, translate }: TreeInput): { readonly health: Health; readonly said: string } {
  if (isFirstLook(view)) return { health: 'idle', said: translate(msg('measuring…')) };
  if (diagnosis.verdict === 'incomplete') return { health: 'unknown', said: translate(msg('not everything could be read')) };
  return { health: 'ok', said: translate(msg('no loss')) };
}

/**
 * What may be said of a layer without findings. Nothing, when one of its causes hangs on something essential that could not
 * be read, or when not one of them could be decided.
 */
function quietLayer(layer: Layer, input: TreeInput, children: readonly TreeNode[]): { readonly health: Health; readonly said: string } {
  const { view, diagnosis, causes, translate } = input;
  if (isFirstLook(view)) return { health: 'idle', said: '' };
  const own = causes.filter((cause) => cause.layer === layer);
  const open = diagnosis.notChecked.filter((entry) => own.some((cause) => entry.causes.includes(cause.id)));
  const allOpen = own.every((cause) => open.some((entry) => entry.causes.includes(cause.id)));
  const reason = open.find((entry) => entry.essential) ?? (allOpen ? open[0] : undefined);
  if (reason !== undefined) {
    return { health: 'unknown', said: translate(msg('cannot tell: {0}', translate(reason.why))) };
  }
  return children.length === 0 ? { health: 'idle', said: translate(msg('nothing to show')) } : { health: 'ok', said: '' };
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
  const calm = quietLayer(layer, input, children);
  const description = findings[0] ? sentence(findings, translate) : calm.said;
  const health = worst(findings, calm.health);
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
    spoken: `${label}, ${description !== '' ? description : health === 'ok' ? translate(msg('no loss')) : translate(msg('measuring…'))}`,
    step: null,
  };
}

function sentence(findings: readonly Finding[], translate: Translate): string {
  const [first] = findings;
  if (first === undefined) return '';
  // The side bar cuts the end off: the number first, its unit is in the tooltip's sentence.
  const rate = first.rate > 0 ? `${perSecond(first.rate)}/s · ` : '';
  const more = findings.length > 1 ? ` ${translate(msg('and {0} more', count(findings.length - 1)))}` : '';
  return `${rate}${first.title}${more}`;
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
