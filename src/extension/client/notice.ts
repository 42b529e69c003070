import { commands, l10n, window } from 'vscode';
import { COMMANDS } from '../ids.js';
import type { Server } from './server.js';

/** Says once that the server is given up, with the way to start it again. */
export function noticeFailures(server: Server): void {
  server.onState((state) => {
    if (state.kind !== 'failed') return;
    const restart = l10n.t('Restart Server');
    const log = l10n.t('Show Log');
    // Not awaited: nothing waits for what the person does with the message.
    void window.showErrorMessage(state.why, restart, log).then((answer) => {
      if (answer === restart) void commands.executeCommand(COMMANDS.restartServer);
      else if (answer === log) void commands.executeCommand(COMMANDS.showLog);
    });
  });
}
