import { formatTarget, parseTarget } from '../collect/target.js';
import type { Library } from '../engine/library.js';
import type { OpenedTarget } from '../engine/open.js';
import type { Translate } from '../engine/report.js';
import { LiveTarget, type LiveTargetDeps } from './liveTarget.js';
import { Painter } from './painter.js';
import { UserError, type Rpc } from './rpc.js';
import { WakeWatch } from './wakeWatch.js';

/** A target and the painter of its tree and runbooks. */
export interface Entry {
  readonly live: LiveTarget;
  readonly painter: Painter;
  /** Whether the tree shows it. */
  tree: boolean;
  intervalMs: number;
}

/** All targets that the extension has named, by their canonical URI. */
export class Targets {
  readonly #entries = new Map<string, Entry>();
  readonly #rpc: Rpc;
  readonly #library: Library;
  readonly #translate: Translate;
  readonly #open: LiveTargetDeps['open'];
  readonly #wake: WakeWatch;
  readonly #connected = new Set<(opened: OpenedTarget) => void>();

  constructor(rpc: Rpc, library: Library, translate: Translate, open: LiveTargetDeps['open']) {
    this.#rpc = rpc;
    this.#library = library;
    this.#translate = translate;
    this.#open = open;
    this.#wake = new WakeWatch(Date.now, () => {
      for (const { live } of this.#entries.values()) void live.woke();
    });
  }

  /** The entry for a URI, made on first use. Throws a {@link UserError} for a malformed one. */
  get(text: string): Entry {
    const parsed = parseTarget(text);
    if (parsed.kind === 'malformed') throw new UserError(this.#translate(parsed.problem), undefined);
    const uri = formatTarget(parsed.target);
    const known = this.#entries.get(uri);
    if (known) return known;
    const painter = new Painter(this.#rpc, this.#library, this.#translate);
    const live = new LiveTarget(uri, parsed.target, {
      library: this.#library,
      open: async (target, interactive, signal) => {
        const opened = await this.#open(target, interactive, signal);
        for (const listener of this.#connected) listener(opened);
        return opened;
      },
      now: Date.now,
      random: Math.random,
      changed: (target) => {
        painter.paintTree(target, false);
        painter.paintRunbooks(target);
      },
    });
    const entry: Entry = { live, painter, tree: false, intervalMs: 1_000 };
    this.#entries.set(uri, entry);
    return entry;
  }

  /** `listener` is told of every connection that is made from now on. */
  whenConnected(listener: (opened: OpenedTarget) => void): void {
    this.#connected.add(listener);
  }

  /** Samples exactly while the tree or a runbook of the target is on the screen. */
  update(entry: Entry): void {
    entry.live.watch(entry.tree || entry.painter.watchesRunbooks, entry.intervalMs);
  }

  async remove(text: string): Promise<void> {
    const { live } = this.get(text);
    this.#entries.delete(live.uri);
    await live.dispose();
  }

  async dispose(): Promise<void> {
    this.#wake.stop();
    const entries = [...this.#entries.values()];
    this.#entries.clear();
    await Promise.allSettled(entries.map((entry) => entry.live.dispose()));
  }
}
