import { env, l10n } from 'vscode';
import type { TargetState } from '../../protocol/tree.js';
import type { ServerState } from '../client/server.js';

/** The line above the tree for the process that does the work; `undefined` when there is nothing to say. */
export function serverText(state: ServerState): string | undefined {
  switch (state.kind) {
    case 'restarting':
      return l10n.t('The Droplens server ended unexpectedly; restarting…');
    case 'failed':
      return state.why;
    default:
      return undefined;
  }
}

/** The line above the tree for a target that does not deliver; `undefined` when it does. */
export function targetText(host: string, state: TargetState | undefined): string | undefined {
  switch (state?.kind) {
    case 'stale': {
      const time = new Date(state.since).toLocaleTimeString(env.language);
      return l10n.t('{0}: no values since {1}: {2}', host, time, state.why);
    }
    case 'failed':
      return state.how === null ? `${host}: ${state.why}` : `${host}: ${state.why} ${state.how}`;
    case 'connecting':
      return l10n.t('{0}: connecting…', host);
    default:
      return undefined;
  }
}

/** How many findings there are, in words. */
export function findingsText(count: number): string {
  return count === 1 ? l10n.t('1 finding of packet loss or risk') : l10n.t('{0} findings of packet loss or risk', count);
}
