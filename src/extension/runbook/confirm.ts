import { l10n, window } from 'vscode';
import type { RunbookCommand } from '../../protocol/runbook.js';
import { plain } from '../client/errors.js';
import type { Host } from '../targets/targets.js';

const user = (uid: number | null): string =>
  uid === null ? l10n.t('unknown user') : uid === 0 ? l10n.t('root') : l10n.t('user id {0}', uid);

const effect = (risk: RunbookCommand['risk']): string => {
  switch (risk) {
    case 'read-only':
      return l10n.t('It only reads.');
    case 'load':
      return l10n.t('It sends packets or captures them: it puts load on the host or the network.');
    case 'changes':
      return l10n.t('It changes the host.');
    case 'disruptive':
      return l10n.t('It can cut connections, this one too.');
  }
};

const undo = (how: string | null): string => (how === null ? l10n.t('Undo: there is none to give.') : l10n.t('Undo: {0}', how));

/**
 * Shows where, as whom, what exactly and how to undo it, and asks. Read-only commands need no question. `text` is the
 * command with its parameters. `true`: run it.
 */
export async function confirmRun(host: Host, label: string, command: RunbookCommand, text: string): Promise<boolean> {
  if (command.risk === 'read-only') return true;
  const detail = [
    effect(command.risk),
    '',
    l10n.t('Host: {0}', plain(label)),
    l10n.t('User: {0}', user(host.uid)),
    l10n.t('Command: {0}', text.includes('\n') ? `\n${text}` : text),
    // What only puts load on the host leaves nothing behind.
    ...(command.undo === null && command.risk === 'load' ? [] : [undo(command.undo)]),
  ].join('\n');
  const run = command.risk === 'disruptive' ? l10n.t('Continue…') : l10n.t('Run it');
  const question = l10n.t('{0} on {1}?', command.label, plain(label));
  if ((await window.showWarningMessage(question, { modal: true, detail }, run)) !== run) return false;
  return command.risk !== 'disruptive' || (await typedName(plain(label), command.label));
}

/** Whether a person typed the name of the host: for what can cut connections a click is too little. */
export async function typedName(label: string, title: string): Promise<boolean> {
  const typed = await window.showInputBox({
    title,
    prompt: l10n.t('This can cut connections. Type the host’s name, {0}, to run it.', label),
    placeHolder: label,
    ignoreFocusOut: true,
    validateInput: (value) => (value.trim() === label ? undefined : l10n.t('Type the host’s name as it is written here: {0}', label)),
  });
  return typed?.trim() === label;
}
