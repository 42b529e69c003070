import { l10n, ProgressLocation, window, type CancellationToken, type Progress, type QuickPickItem } from 'vscode';
import type { BothEndsReport } from '../../protocol/bothEnds.js';
import { Requests, ServerNotifications } from '../../protocol/messages.js';
import { isCancelled, plain, sentence } from '../client/errors.js';
import { contextKeys } from '../context.js';
import { GUIDE } from '../ids.js';
import { settings } from '../settings.js';
import { offerRetry, targetItem } from '../targets/commands.js';
import type { DiagnoseParts } from './diagnose.js';

/** The two hosts that were chosen. */
interface Pair {
  readonly a: string;
  readonly b: string;
}

/** Asks for two hosts and a flow between them, watches both ends, and shows where the flow loses. */
export async function diagnoseBothEnds(parts: DiagnoseParts, given: string | undefined): Promise<void> {
  const pair = await choosePair(parts, given);
  if (pair === undefined) return;
  for (;;) {
    try {
      const flow = await chooseFlow(parts, pair);
      if (flow === undefined) return;
      await show(parts, await watch(parts, pair, flow));
      return;
    } catch (error) {
      if (isCancelled(error)) return;
      const text = l10n.t('Could not diagnose between {0} and {1}: {2}', ...named(parts, pair), sentence(error));
      if (!(await offerRetry(text))) return;
    }
  }
}

async function choosePair({ targets }: DiagnoseParts, given: string | undefined): Promise<Pair | undefined> {
  await targets.local();
  const all = targets.list();
  if (all.length < 2) {
    await window.showInformationMessage(l10n.t('Two hosts are needed: add the other one first, as an SSH host or as a namespace.'));
    return undefined;
  }
  const pick = async (from: readonly string[], title: string): Promise<string | undefined> => {
    const items = from.map((target) => targetItem(targets, target));
    return (await window.showQuickPick(items, { title, matchOnDescription: true }))?.target;
  };
  const a = given !== undefined && all.includes(given) ? given : await pick(all, l10n.t('Between two hosts (1 of 3): one of them'));
  if (a === undefined) return undefined;
  const others = all.filter((target) => target !== a);
  const b = await pick(others, l10n.t('Between two hosts (2 of 3): the other one, beside {0}', plain(targets.label(a))));
  return b === undefined ? undefined : { a, b };
}

interface FlowItem extends QuickPickItem {
  readonly flow: string;
}

/** Lists what goes on between the two, busiest first. A flow may also be typed: behind NAT the two hosts know it by different names. */
async function chooseFlow(parts: DiagnoseParts, pair: Pair): Promise<string | undefined> {
  const { flows } = await progress(parts, pair, (token) => parts.server.request(Requests.flows, pair, token));
  const listed: FlowItem[] = flows.map(({ flow, moved, waiting }) => ({ label: plain(flow), description: l10n.t('bytes in a second: {0}, waiting: {1}', moved, waiting), flow }));
  const pick = window.createQuickPick<FlowItem>();
  pick.title = l10n.t('Between two hosts (3 of 3): which flow?');
  pick.placeholder =
    listed.length > 0
      ? l10n.t('Choose a flow, or write one: tcp 10.0.0.1:40000 > 10.0.0.2:5201')
      : l10n.t('None was seen between the two. Write one: tcp 10.0.0.1:40000 > 10.0.0.2:5201');
  pick.ignoreFocusOut = true;
  pick.items = listed;
  pick.onDidChangeValue((value) => {
    const typed = value.trim();
    const isFlow = /^(tcp|udp)\s.*>/i.test(typed);
    pick.items = isFlow ? [{ label: typed, description: l10n.t('this flow'), alwaysShow: true, flow: typed }, ...listed] : listed;
  });
  try {
    return await new Promise<string | undefined>((resolve) => {
      pick.onDidAccept(() => {
        const [chosen] = pick.selectedItems;
        if (chosen !== undefined) resolve(chosen.flow);
      });
      pick.onDidHide(() => resolve(undefined));
      pick.show();
    });
  } finally {
    pick.dispose();
  }
}

async function watch(parts: DiagnoseParts, pair: Pair, flow: string): Promise<BothEndsReport> {
  const { server, status } = parts;
  contextKeys.diagnosing(true);
  status.diagnosing(flow);
  try {
    return await progress(parts, pair, async (token, report) => {
      let shown = 0;
      const listener = server.onNotification(ServerNotifications.diagnoseProgress, (step) => {
        if (step.target !== pair.a || step.seconds <= 0) return;
        const percent = Math.min(100, (step.elapsed / step.seconds) * 100);
        report.report({ message: plain(step.text), increment: Math.max(0, percent - shown) });
        shown = Math.max(shown, percent);
      });
      try {
        return await server.request(Requests.bothEnds, { ...pair, flow, seconds: settings.diagnoseSeconds() }, token);
      } finally {
        listener.dispose();
      }
    });
  } finally {
    contextKeys.diagnosing(false);
    status.diagnosing(undefined);
  }
}

function progress<T>(
  parts: DiagnoseParts,
  pair: Pair,
  work: (token: CancellationToken, report: Progress<{ message?: string; increment?: number }>) => Promise<T>,
): Promise<T> {
  const title = l10n.t('Droplens: between {0} and {1}', ...named(parts, pair));
  const run = window.withProgress({ location: ProgressLocation.Notification, cancellable: true, title }, async (report, token) => {
    await parts.targets.ensure(pair.a, true, token);
    await parts.targets.ensure(pair.b, true, token);
    return await work(token, report);
  });
  return Promise.resolve(run);
}

/** The guide of the host where the flow loses; of the sender where it is neither host. */
async function show({ panels, targets }: DiagnoseParts, report: BothEndsReport): Promise<void> {
  const end = report.place.startsWith('receiver') ? 'receiver' : 'sender';
  const own = report.ends[end];
  const { flow, verdict, place, where, summary, because, skewMs } = report;
  const [sender, receiver] = [targets.label(report.ends.sender.target), targets.label(report.ends.receiver.target)];
  const open = async (): Promise<void> => {
    const panel = await panels.open(own.target, GUIDE);
    panel.report(own, { flow, verdict, place, where, summary, because, skewMs, sender, receiver });
    panel.goto(null);
  };
  await open();
  const button = l10n.t('Show');
  const text = l10n.t('Droplens: {0}', plain(summary));
  const message = verdict === 'clean' ? window.showInformationMessage(text, button) : window.showWarningMessage(text, button);
  // Not awaited: the diagnosis is over, whenever the person turns to the notification.
  void message.then((answer) => (answer === button ? open() : undefined));
}

const named = ({ targets }: DiagnoseParts, { a, b }: Pair): readonly [string, string] => [plain(targets.label(a)), plain(targets.label(b))];
