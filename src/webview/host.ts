import * as v from 'valibot';
import { WebviewState, type FromWebview } from '../protocol/webview.js';

interface VsCodeApi {
  postMessage(message: FromWebview): void;
  getState(): unknown;
  setState(state: WebviewState): void;
}

declare function acquireVsCodeApi(): VsCodeApi;

/** The way from the page to the extension, and the page's own small memory. */
export interface HostApi {
  send(message: FromWebview): void;
  /** The place kept for this target and runbook, or an empty one. */
  recall(target: string, runbook: string): WebviewState;
  keep(state: WebviewState): void;
}

/** May be called once in a page. */
export function connect(): HostApi {
  const api = acquireVsCodeApi();
  return {
    send: (message) => api.postMessage(message),
    recall: (target, runbook) => {
      const parsed = v.safeParse(WebviewState, api.getState());
      return parsed.success && parsed.output.target === target && parsed.output.runbook === runbook
        ? parsed.output
        : { target, runbook, open: [], done: [], scroll: 0 };
    },
    keep: (state) => api.setState(state),
  };
}
