import { ViewColumn, window, type Disposable, type WebviewPanel } from 'vscode';
import * as v from 'valibot';
import { WebviewState } from '../../protocol/webview.js';
import { plain, sentence } from '../client/errors.js';
import { PANEL } from '../ids.js';
import { isRunbookId } from './lookup.js';
import { RunbookPanel, type PanelParts } from './panel.js';

/** The open runbooks: at most one panel for a target and a runbook. */
export class Panels implements Disposable {
  readonly #open = new Map<string, RunbookPanel>();
  readonly #parts: PanelParts;
  readonly #serializer: Disposable;

  constructor(parts: Omit<PanelParts, 'open'>) {
    this.#parts = {
      ...parts,
      open: (target, runbook) => void this.open(target, runbook).catch((error: unknown) => parts.log(sentence(error))),
    };
    this.#serializer = window.registerWebviewPanelSerializer(PANEL, {
      deserializeWebviewPanel: (panel: WebviewPanel, state: unknown) => {
        this.#restore(panel, state);
        return Promise.resolve();
      },
    });
  }

  /** Shows the runbook, opening it if need be. What hinders it is said in its page. */
  async open(target: string, runbook: string): Promise<RunbookPanel> {
    const held = this.#open.get(key(target, runbook));
    if (held !== undefined) {
      held.show();
      return held;
    }
    const title = `Droplens · ${plain(this.#parts.targets.label(target))}`;
    const panel = window.createWebviewPanel(PANEL, title, ViewColumn.Active, { enableFindWidget: true });
    const made = this.#adopt(panel, target, runbook);
    await made.load();
    return made;
  }

  dispose(): void {
    this.#serializer.dispose();
    for (const panel of this.#open.values()) panel.dispose();
  }

  #restore(panel: WebviewPanel, state: unknown): void {
    const parsed = v.safeParse(WebviewState, state);
    if (!parsed.success || !isRunbookId(parsed.output.runbook) || this.#open.has(key(parsed.output.target, parsed.output.runbook))) {
      panel.dispose();
      return;
    }
    void this.#adopt(panel, parsed.output.target, parsed.output.runbook).load();
  }

  #adopt(panel: WebviewPanel, target: string, runbook: string): RunbookPanel {
    const id = key(target, runbook);
    const held = new RunbookPanel(this.#parts, panel, target, runbook, () => this.#open.delete(id));
    this.#open.set(id, held);
    return held;
  }
}

const key = (target: string, runbook: string): string => `${target}\n${runbook}`;
