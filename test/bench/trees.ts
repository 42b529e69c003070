import type { TreeUpdate } from '../../src/protocol/tree.js';
import type { TestServer } from '../server/client.js';

/** A server whose trees are looked at. */
export interface Watcher {
  readonly server: TestServer;
  readonly trees: Trees;
}

/** What a server sends of its trees, as it comes; nothing is kept. */
export class Trees {
  readonly #listeners = new Set<(update: TreeUpdate) => void>();

  constructor(server: TestServer) {
    server.rpc.onNotification('droplens/tree', (update: TreeUpdate) => {
      for (const listener of [...this.#listeners]) listener(update);
    });
  }

  on(listener: (update: TreeUpdate) => void): void {
    this.#listeners.add(listener);
  }

  /** The next update that fits. Fails after 30 s. */
  next(fits: (update: TreeUpdate) => boolean): Promise<TreeUpdate> {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => {
        this.#listeners.delete(look);
        reject(new Error('no tree that fits within 30 s'));
      }, 30_000);
      const look = (update: TreeUpdate): void => {
        if (!fits(update)) return;
        this.#listeners.delete(look);
        clearTimeout(late);
        resolve(update);
      };
      this.#listeners.add(look);
    });
  }
}
