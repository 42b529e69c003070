import * as v from 'valibot';
import { ToWebview } from '../protocol/webview.js';
import { connect } from './host.js';
import { Page } from './page.js';
import { speaker } from './words.js';

/** Waits for the texts, then draws; a message that is none of ours is ignored. */
function start(root: HTMLElement): void {
  const host = connect();
  let page: Page | undefined;
  window.addEventListener('message', (event: MessageEvent<unknown>) => {
    const parsed = v.safeParse(ToWebview, event.data);
    if (!parsed.success) return;
    const message = parsed.output;
    if (message.type === 'setup') page ??= new Page(root, host, speaker(message.strings), message.target, message.runbook);
    else page?.receive(message);
  });
  host.send({ type: 'ready' });
}

const root = document.getElementById('page');
if (root !== null) start(root);
