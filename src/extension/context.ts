import { commands } from 'vscode';
import { CONTEXT, type ViewState } from './ids.js';

/** The only place that sets context keys: `when` clauses in package.json read them. */
export const contextKeys = {
  view: (state: ViewState): void => void commands.executeCommand('setContext', CONTEXT.view, state),
  diagnosing: (on: boolean): void => void commands.executeCommand('setContext', CONTEXT.diagnosing, on),
} as const;
