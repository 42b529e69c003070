import { commands, l10n, ProgressLocation, window, type QuickPickItem } from 'vscode';
import { Requests } from '../../protocol/messages.js';
import { isCancelled, plain, sentence } from '../client/errors.js';
import type { Server } from '../client/server.js';
import { COMMANDS, LOCAL_TARGET } from '../ids.js';
import { hostOf, parseSshAddress, sshTarget } from './address.js';
import { pickNamespace } from './namespacePicker.js';
import type { Targets } from './targets.js';

/** Shows a failure with what can be done about it. Resolves to `true` when the person wants another try. */
export async function offerRetry(text: string): Promise<boolean> {
  const retry = l10n.t('Retry');
  const log = l10n.t('Show Log');
  const answer = await window.showErrorMessage(text, retry, log);
  if (answer === log) await commands.executeCommand(COMMANDS.showLog);
  return answer === retry;
}

/** Connects with a progress notification that can be cancelled; errors are shown. `true`: connected. */
export async function connectVisibly(targets: Targets, target: string, again: boolean): Promise<boolean> {
  for (;;) {
    const label = targets.label(target);
    try {
      await window.withProgress(
        { location: ProgressLocation.Notification, cancellable: true, title: l10n.t('Connecting to {0}', plain(label)) },
        (_progress, token) => (again ? targets.reconnect(target, token) : targets.ensure(target, true, token)),
      );
      return true;
    } catch (error) {
      if (isCancelled(error)) return false;
      if (!(await offerRetry(l10n.t('Could not connect to {0}: {1}', plain(label), sentence(error))))) return false;
    }
  }
}

interface HostItem extends QuickPickItem {
  readonly target: string;
}

/** Picks a host of the ssh configuration or takes an address as it is typed. */
async function pickSshHost(server: Server): Promise<string | undefined> {
  const pick = window.createQuickPick<HostItem>();
  pick.title = l10n.t('Add SSH host');
  pick.placeholder = l10n.t('A host of your ssh configuration, or user@host:port');
  pick.busy = true;
  pick.ignoreFocusOut = true;
  let known: HostItem[] = [];
  const refresh = (): void => {
    const typed = pick.value.trim();
    const address = parseSshAddress(typed);
    const isKnown = known.some(({ label }) => label === typed);
    const entered: HostItem[] =
      typed === '' || address === undefined || isKnown
        ? []
        : [{ label: typed, description: l10n.t('this address'), alwaysShow: true, target: sshTarget(address) }];
    pick.items = [...entered, ...known];
  };
  pick.onDidChangeValue(refresh);
  server
    .request(Requests.sshHosts, {})
    .then(({ hosts }) => {
      known = hosts.flatMap((label) => {
        const address = parseSshAddress(label);
        return address === undefined ? [] : [{ label, description: l10n.t('ssh configuration'), target: sshTarget(address) }];
      });
      refresh();
    })
    // Without the list an address can still be typed; why it is missing is said in the picker.
    .catch((error: unknown) => (pick.placeholder = `${l10n.t('user@host:port')} (${sentence(error)})`))
    .finally(() => (pick.busy = false));
  try {
    return await new Promise<string | undefined>((resolve) => {
      pick.onDidAccept(() => {
        const [chosen] = pick.selectedItems;
        if (chosen !== undefined) resolve(chosen.target);
        else pick.placeholder = l10n.t('That is not an address. Write it as host, user@host or user@host:port.');
      });
      pick.onDidHide(() => resolve(undefined));
      pick.show();
    });
  } finally {
    pick.dispose();
  }
}

/** Adds a host that could be connected to; one that could not is not kept. */
export async function addSshHost(server: Server, targets: Targets): Promise<void> {
  const target = await pickSshHost(server);
  if (target === undefined) return;
  if (await connectVisibly(targets, target, false)) await targets.add(target);
}

/** Lets a person pick a network namespace of a host, and adds it as a target of its own once it could be entered. */
export async function addNamespace(server: Server, targets: Targets, of: string | undefined): Promise<void> {
  const base = of ?? (await pickTarget(targets, l10n.t('Look into a network namespace of which host?')));
  if (base === undefined) return;
  // The host itself where it is there: what is in one of its namespaces may be gone.
  const host = hostOf(base);
  const via = targets.list().includes(host) ? host : base;
  if (!(await connectVisibly(targets, via, false))) return;
  const target = await pickNamespace(server, via, targets.label(host));
  if (target !== undefined && (await connectVisibly(targets, target, false))) await targets.add(target);
}

/** A target in a list to choose from; what the tree calls this machine is found by that name, too. */
export function targetItem(targets: Targets, target: string): HostItem {
  return { label: plain(targets.label(target)), description: target === LOCAL_TARGET ? l10n.t('This machine') : target, target };
}

/** One target without asking, several with a question. `undefined`: none, or the person turned away. */
export async function pickTarget(targets: Targets, title: string): Promise<string | undefined> {
  const list = targets.list();
  if (list.length <= 1) return list[0];
  const items = list.map((target) => targetItem(targets, target));
  return (await window.showQuickPick(items, { title, matchOnDescription: true }))?.target;
}
