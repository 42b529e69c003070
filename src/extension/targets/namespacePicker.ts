import { l10n, QuickPickItemKind, ThemeIcon, window, type QuickPickItem } from 'vscode';
import { Requests } from '../../protocol/messages.js';
import type { NamespaceInfo, NamespaceList } from '../../protocol/namespaces.js';
import { plain, sentence } from '../client/errors.js';
import type { Server } from '../client/server.js';
import { typedNamespaces, type InsideKind } from './address.js';

type Kind = NamespaceInfo['kind'];

interface NamespaceItem extends QuickPickItem {
  /** `undefined` for a heading. */
  readonly target: string | undefined;
}

const ICONS: Readonly<Record<Kind, string>> = { pod: 'layers', container: 'package', service: 'gear', named: 'tag', process: 'terminal' };
const TYPED_ICONS: Readonly<Record<InsideKind, string>> = { container: 'package', netns: 'tag', pid: 'terminal' };

function heading(kind: Kind): string {
  switch (kind) {
    case 'pod':
      return l10n.t('Pods');
    case 'container':
      return l10n.t('Containers');
    case 'service':
      return l10n.t('Services');
    case 'named':
      return l10n.t('Named namespaces');
    case 'process':
      return l10n.t('Processes');
  }
}

/**
 * Shows what is on the host of `target` and lets a person pick, or type the name of what is not listed. Resolves to the
 * target that was picked; `undefined`: the person turned away.
 */
export async function pickNamespace(server: Server, target: string, host: string): Promise<string | undefined> {
  const pick = window.createQuickPick<NamespaceItem>();
  pick.title = l10n.t('Look into the network of a container, pod or namespace on {0}', plain(host));
  pick.placeholder = l10n.t('Pick one, or type the name of a container or namespace, or the number of a process');
  pick.matchOnDescription = true;
  pick.matchOnDetail = true;
  pick.busy = true;
  pick.ignoreFocusOut = true;
  let listed: readonly NamespaceItem[] = [];
  const refresh = (): void => {
    // Before the list is there, Enter would take a container for the namespace of the same name.
    pick.items = pick.busy ? [] : [...listed, ...typedItems(target, pick.value, listed)];
  };
  pick.onDidChangeValue(refresh);
  server
    .request(Requests.namespaces, { target })
    .then((list) => {
      listed = itemsOf(list);
      const none = listed.length === 0 ? l10n.t('Nothing but the host’s own network was found. A name can be typed.') : undefined;
      pick.placeholder = hidden(list) ?? none ?? pick.placeholder ?? '';
    })
    // Without the list a name can still be typed; why it is missing is said in the picker.
    .catch((error: unknown) => (pick.placeholder = l10n.t('Type a name: the list could not be made. {0}', sentence(error))))
    .finally(() => {
      pick.busy = false;
      refresh();
    });
  try {
    return await new Promise<string | undefined>((resolve) => {
      pick.onDidAccept(() => {
        const [chosen] = pick.selectedItems;
        if (chosen?.target !== undefined) resolve(chosen.target);
      });
      pick.onDidHide(() => resolve(undefined));
      pick.show();
    });
  } finally {
    pick.dispose();
  }
}

/** Why the list may be too short. */
function hidden({ root, unread }: NamespaceList): string | undefined {
  if (root || unread === 0) return undefined;
  return l10n.t('Only your own processes are listed: connect as root to see and enter the networks of all.');
}

function itemsOf({ namespaces }: NamespaceList): readonly NamespaceItem[] {
  return namespaces.flatMap((one, index) => {
    const item: NamespaceItem = {
      label: plain(one.name, 120),
      description: plain(description(one), 120),
      detail: plain(detail(one), 200),
      iconPath: new ThemeIcon(ICONS[one.kind]),
      target: one.target,
    };
    return one.kind === namespaces[index - 1]?.kind ? [item] : [separator(heading(one.kind)), item];
  });
}

function separator(label: string): NamespaceItem {
  return { label, kind: QuickPickItemKind.Separator, target: undefined };
}

/** What tells it from another of its name: engine and short id, the pod's namespace, the process. */
function description({ kind, containers, podNamespace, pid }: NamespaceInfo): string {
  const [first] = containers;
  if (kind === 'pod' && podNamespace !== null) return podNamespace;
  if (first !== undefined) return `${first.engine} ${first.id.slice(0, 12)}`;
  return pid === null ? l10n.t('no process') : l10n.t('process {0}', pid);
}

function detail({ kind, containers, processes, program, interfaces, names }: NamespaceInfo): string {
  const inside = kind === 'pod' || containers.length > 1 ? containers.map(({ name }) => name).join(', ') : '';
  const running = processes === 0 ? '' : processes === 1 ? l10n.t('{0}, 1 process', program) : l10n.t('{0} and others, {1} processes', program, processes);
  return [inside, running, interfaces.join(' '), kind === 'named' ? '' : names.join(', ')].filter((part) => part !== '').join(' · ');
}

/**
 * What is typed is offered below what is listed, so that Enter takes a match first: VS Code puts labels that match before
 * those that do not, so the name is not in the label.
 */
function typedItems(target: string, text: string, listed: readonly NamespaceItem[]): readonly NamespaceItem[] {
  const offers = typedNamespaces(target, text).filter((offer) => listed.every((item) => item.target !== offer.target));
  const items = offers.map(({ kind, name, target: own }) => ({
    label: typedWord(kind),
    description: name,
    iconPath: new ThemeIcon(TYPED_ICONS[kind]),
    alwaysShow: true,
    target: own,
  }));
  return items.length === 0 ? [] : [separator(l10n.t('As typed')), ...items];
}

function typedWord(kind: InsideKind): string {
  switch (kind) {
    case 'container':
      return l10n.t('Container, pod or service of this name');
    case 'netns':
      return l10n.t('Namespace of this name (ip netns)');
    case 'pid':
      return l10n.t('Network of the process with this number');
  }
}
