import { l10n, StatusBarAlignment, window, type Disposable, type StatusBarItem } from 'vscode';
import { plain } from '../client/errors.js';
import { COMMANDS } from '../ids.js';
import type { ChangeStates } from './states.js';

/** How long until a host undoes a change, in the status bar: the page may be behind another one. */
export class ChangeStatus implements Disposable {
  readonly #item: StatusBarItem = window.createStatusBarItem('droplens.change', StatusBarAlignment.Left, 1);
  readonly #subscription: Disposable;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(
    private readonly states: ChangeStates,
    private readonly label: (target: string) => string,
  ) {
    this.#item.name = l10n.t('Droplens: change on trial');
    this.#subscription = states.onDidChange(() => this.#draw());
  }

  dispose(): void {
    clearInterval(this.#timer);
    this.#subscription.dispose();
    this.#item.dispose();
  }

  #draw(): void {
    clearInterval(this.#timer);
    const [first] = this.states.onTrial();
    if (first === undefined) {
      this.#item.hide();
      return;
    }
    const host = plain(this.label(first.target)).replaceAll('$(', '$\u200b(');
    this.#item.command = { command: COMMANDS.openChange, title: '', arguments: [first.target, first.runbook] };
    this.#item.tooltip = l10n.t('“{0}” on {1} is on trial. Open its runbook to keep or to undo it.', first.title, host);
    this.#item.accessibilityInformation = { label: this.#item.tooltip, role: 'button' };
    const tick = (): void => {
      const seconds = Math.ceil((this.states.timed(first).remainingMs ?? 0) / 1000);
      this.#item.text = `$(history) ${l10n.t('{0}: undone in {1} s', host, seconds)}`;
      if (seconds === 0) clearInterval(this.#timer);
    };
    tick();
    this.#item.show();
    this.#timer = setInterval(tick, 1_000);
  }
}
