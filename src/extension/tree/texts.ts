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
    case 'stale':
      return l10n.t('{0}: no values since {1}. {2}', host, clock(state.since), state.why);
    case 'failed':
      return state.how === null ? `${host}: ${state.why}` : `${host}: ${state.why} ${state.how}`;
    case 'connecting':
      return l10n.t('{0}: connecting…', host);
    default:
      return undefined;
  }
}

/** What stands beside a target whose values are old. */
export function staleText(state: TargetState | undefined): string {
  return state?.kind === 'stale' ? l10n.t('no values since {0}', clock(state.since)) : l10n.t('not connected');
}

const clock = (at: number): string => new Date(at).toLocaleTimeString(env.language, { hourCycle: 'h23' });

/** How many findings there are, in words. */
export function findingsText(count: number): string {
  return count === 1 ? l10n.t('1 finding of packet loss or risk') : l10n.t('{0} findings of packet loss or risk', count);
}
