import { l10n, ThemeColor, ThemeIcon, TreeItem, TreeItemCollapsibleState } from 'vscode';
import type { Health, TargetState, TreeNode } from '../../protocol/tree.js';
import type { Connection } from '../targets/targets.js';
import { targetKind } from '../targets/address.js';
import { LOCAL_TARGET } from '../ids.js';
import { isAlive } from './store.js';
import { staleText } from './texts.js';

/** A row of the tree: one object per row for as long as it exists, because VS Code tells rows apart by identity. */
export interface Row {
  readonly target: string;
  /** Node of the server's tree; `null`: a target of which the server has not sent anything yet. */
  readonly id: string | null;
}

/** Shape and colour of each judgement; the shapes differ, so that colour is never all. */
const ICONS: Readonly<Record<Health, ThemeIcon>> = {
  ok: new ThemeIcon('pass', new ThemeColor('droplens.ok')),
  loss: new ThemeIcon('error', new ThemeColor('droplens.loss')),
  risk: new ThemeIcon('warning', new ThemeColor('droplens.risk')),
  harmless: new ThemeIcon('info', new ThemeColor('droplens.harmless')),
  unknown: new ThemeIcon('question', new ThemeColor('droplens.unknown')),
  idle: new ThemeIcon('circle-outline', new ThemeColor('droplens.idle')),
};

/** Tags in `contextValue`, read by regular expressions in package.json. */
function targetTags(target: string, connected: boolean): string {
  const kind = target === LOCAL_TARGET ? 'here' : 'added';
  return `target+${targetKind(target)}+${kind}+${connected ? 'connected' : 'offline'}`;
}

/** What the values of a lost connection say is history: neither a tick nor a cross stands beside it. */
const OLD = new ThemeIcon('history', new ThemeColor('droplens.idle'));
const DISCONNECTED = new ThemeIcon('debug-disconnect', new ThemeColor('droplens.unknown'));

export function nodeItem(
  row: Row,
  node: TreeNode,
  state: TargetState | undefined,
  collapsible: TreeItemCollapsibleState,
): TreeItem {
  const item = new TreeItem(node.label, collapsible);
  const live = state === undefined || isAlive(state);
  item.id = `${row.target}#${node.id}`;
  item.description = live || node.kind !== 'target' ? node.description : staleText(state);
  item.iconPath = live || node.health === 'idle' ? ICONS[node.health] : node.kind === 'target' ? DISCONNECTED : OLD;
  item.contextValue =
    node.kind === 'target'
      ? targetTags(row.target, live)
      : `node+${node.kind}${node.step === null ? '' : '+step'}`;
  item.accessibilityInformation = { label: live ? node.spoken : node.kind === 'target' ? `${node.label}, ${staleText(state)}` : l10n.t('{0}, old value', node.spoken) };
  return item;
}

/** A target before its first sample: its name and what is going on. */
export function placeholderItem(target: string, label: string, connection: Connection): TreeItem {
  const item = new TreeItem(label, TreeItemCollapsibleState.None);
  item.id = `${target}#`;
  item.contextValue = targetTags(target, connection.kind === 'connecting' || connection.kind === 'connected');
  switch (connection.kind) {
    case 'connecting':
      item.iconPath = new ThemeIcon('loading~spin');
      item.description = l10n.t('connecting…');
      break;
    case 'connected':
      item.iconPath = new ThemeIcon('loading~spin');
      item.description = l10n.t('waiting for the first values…');
      break;
    case 'failed':
      item.iconPath = DISCONNECTED;
      item.description = l10n.t('not connected: {0}', connection.why);
      item.tooltip = connection.why;
      break;
    case 'idle':
      item.iconPath = new ThemeIcon('debug-disconnect', new ThemeColor('droplens.idle'));
      item.description = l10n.t('not connected');
      break;
  }
  item.accessibilityInformation = { label: `${label}, ${item.description}` };
  return item;
}
