import { l10n, StatusBarAlignment, window, type Disposable, type StatusBarItem } from 'vscode';
import { VIEW } from './ids.js';
import { findingsText } from './tree/texts.js';

/** One item in the status bar, present only while a diagnosis runs or findings exist. */
export class Status implements Disposable {
  readonly #item: StatusBarItem = window.createStatusBarItem('droplens.status', StatusBarAlignment.Left);
  #findings = 0;
  #diagnosing: string | undefined;

  constructor() {
    this.#item.name = 'Droplens';
    this.#item.command = `${VIEW}.focus`;
  }

  findings(count: number): void {
    this.#findings = count;
    this.#draw();
  }

  /** `host` while it is watched for a diagnosis, `undefined` afterwards. */
  diagnosing(host: string | undefined): void {
    this.#diagnosing = host;
    this.#draw();
  }

  dispose(): void {
    this.#item.dispose();
  }

  #draw(): void {
    if (this.#diagnosing !== undefined) {
      const text = l10n.t('Watching {0}…', this.#diagnosing);
      this.#show('loading~spin', text, text);
    } else if (this.#findings > 0) {
      this.#show('warning', l10n.t('Droplens: {0}', this.#findings), findingsText(this.#findings));
    } else this.#item.hide();
  }

  #show(icon: string, text: string, spoken: string): void {
    // A host's name could contain the syntax of an icon.
    this.#item.text = `$(${icon}) ${text.replaceAll('$(', '$\u200b(')}`;
    this.#item.tooltip = spoken;
    this.#item.accessibilityInformation = { label: spoken, role: 'button' };
    this.#item.show();
  }
}
