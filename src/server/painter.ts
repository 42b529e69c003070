import type { Translate } from '../engine/report.js';
import type { Library } from '../engine/library.js';
import { isFirstLook } from '../core/observe/window.js';
import { ServerNotifications } from '../protocol/messages.js';
import type { StepState } from '../protocol/runbook.js';
import type { TreeNode } from '../protocol/tree.js';
import type { LiveTarget } from './liveTarget.js';
import type { Rpc } from './rpc.js';
import { diffNodes } from './view/diff.js';
import { Judgement } from './view/judgement.js';
import { causeState, stepState } from './view/steps.js';
import { treeNodes } from './view/tree.js';
import { recordingTitle, targetTitle } from './view/title.js';

/** Sends what changed on the screen of one target: its tree and its open runbooks. */
export class Painter {
  readonly #rpc: Rpc;
  readonly #library: Library;
  readonly #translate: Translate;
  #nodes: ReadonlyMap<string, TreeNode> = new Map();
  #seq = 0;
  #runbooks = new Map<string, Map<string, string>>();

  constructor(rpc: Rpc, library: Library, translate: Translate) {
    this.#rpc = rpc;
    this.#library = library;
    this.#translate = translate;
  }

  /** Sends what differs from the last update; `complete`: everything. */
  paintTree(target: LiveTarget, complete: boolean): void {
    const { look, host, backend } = target;
    const nodes =
      look && host
        ? treeNodes({ ...look, host, backend, causes: this.#library.causes, title: target.replay === undefined ? targetTitle(target.target, this.#translate) : recordingTitle(target.replay.recording.header, this.#translate), translate: this.#translate })
        : [...this.#nodes.values()];
    const diff = complete ? { changed: nodes, removed: [] } : diffNodes(this.#nodes, nodes);
    this.#rpc.notify(ServerNotifications.tree, {
      target: target.uri,
      seq: this.#seq + 1,
      base: complete ? null : this.#seq,
      changed: [...diff.changed],
      removed: [...diff.removed],
      state: target.state,
      findings: look && target.state.kind === 'live' ? new Judgement(look.diagnosis).alarms : 0,
    });
    this.#seq += 1;
    // The node of before stays where it says the same: what is held from second to second is then old already.
    const changed = new Set(diff.changed);
    const before = this.#nodes;
    this.#nodes = new Map(nodes.map((node) => [node.id, changed.has(node) ? node : (before.get(node.id) ?? node)]));
  }

  /** Begins to send the live state of a runbook, all steps at once. */
  openRunbook(target: LiveTarget, runbook: string): void {
    this.#runbooks.set(runbook, new Map());
    this.paintRunbooks(target);
  }

  closeRunbook(runbook: string): void {
    this.#runbooks.delete(runbook);
  }

  get watchesRunbooks(): boolean {
    return this.#runbooks.size > 0;
  }

  /** Sends the steps whose state differs from what was sent before. */
  paintRunbooks(target: LiveTarget): void {
    const { look, host } = target;
    // One look has no rates: until the second the page says that it waits, and not that nothing was lost.
    if (look === undefined || host === undefined || isFirstLook(look.view)) return;
    for (const [runbook, sent] of this.#runbooks) {
      const steps = this.#states(runbook, target).filter((state) => {
        const text = JSON.stringify(state);
        if (sent.get(state.step) === text) return false;
        sent.set(state.step, text);
        return true;
      });
      if (steps.length > 0) this.#rpc.notify(ServerNotifications.runbook, { target: target.uri, runbook, host: host.name, steps });
    }
  }

  #states(runbook: string, target: LiveTarget): readonly StepState[] {
    const document = this.#library.runbooks.get(runbook)?.document;
    if (document === undefined || target.look === undefined) return [];
    const input = { ...target.look, causes: this.#library.causes, translate: this.#translate };
    return document.kind === 'guide' ? document.steps.map((step) => stepState(step, input)) : [causeState(document, input)];
  }
}
