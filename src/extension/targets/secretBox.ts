import { l10n, ThemeIcon, window, type QuickInputButton } from 'vscode';
import { plain } from '../client/errors.js';
import type { AskPerson, SecretQuestion, Typed } from './secretAnswers.js';

/** Asks in an input box. Where the answer can be kept, a button beside the title says so. */
export const askInBox: AskPerson = async (question, offer, token): Promise<Typed | undefined> => {
  const box = window.createInputBox();
  const off: QuickInputButton = { iconPath: new ThemeIcon('unlock'), tooltip: l10n.t('Keep in the system’s secret store once it has worked') };
  const on: QuickInputButton = { iconPath: new ThemeIcon('lock'), tooltip: l10n.t('Do not keep it') };
  let keep = offer.keep === true;
  const show = (): void => {
    box.prompt = [promptOf(question), ...(keep ? [l10n.t('It will be kept in the system’s secret store once it has worked.')] : [])].join(' ');
    box.buttons = offer.keep === undefined ? [] : [keep ? on : off];
  };
  box.title = l10n.t('Droplens: {0}', plain(question.host));
  box.password = !question.echo;
  box.ignoreFocusOut = true;
  if (offer.keptWasWrong) box.validationMessage = l10n.t('The saved one was not right, and is forgotten.');
  else if (question.wrong > 0) box.validationMessage = l10n.t('That was not right, please try again.');
  show();
  try {
    return await new Promise<Typed | undefined>((resolve) => {
      box.onDidTriggerButton(() => {
        keep = !keep;
        show();
      });
      box.onDidChangeValue(() => (box.validationMessage = undefined));
      box.onDidAccept(() => resolve({ value: box.value, keep }));
      box.onDidHide(() => resolve(undefined));
      token?.onCancellationRequested(() => box.hide());
      if (token?.isCancellationRequested === true) resolve(undefined);
      else box.show();
    });
  } finally {
    box.dispose();
  }
};

function promptOf({ prompt, about }: SecretQuestion): string {
  const text = plain(prompt);
  if (about.kind !== 'passphrase') return text;
  return `${text} (${l10n.t('leave it empty to go on without this key')}).`;
}
