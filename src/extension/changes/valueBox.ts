import { l10n, window } from 'vscode';

export interface ValueQuestion {
  readonly title: string;
  readonly prompt: string;
  /** What stands in the box. */
  readonly value: string;
  /** Why it was not taken, shown until something else is typed. */
  readonly problem: string | undefined;
}

/** Asks for a value; `undefined`: the person turned away. */
export async function askValue({ title, prompt, value, problem }: ValueQuestion): Promise<string | undefined> {
  const box = window.createInputBox();
  Object.assign(box, { title, prompt, value, validationMessage: problem, ignoreFocusOut: true });
  box.valueSelection = [0, value.length];
  box.onDidChangeValue((text) => {
    box.validationMessage = text.trim() === '' ? l10n.t('Give a value.') : undefined;
  });
  try {
    return await new Promise<string | undefined>((resolve) => {
      box.onDidAccept(() => {
        if (box.validationMessage === undefined) resolve(box.value.trim());
      });
      box.onDidHide(() => resolve(undefined));
      box.show();
    });
  } finally {
    box.dispose();
  }
}
