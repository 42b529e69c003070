import type { RunbookCommand, RunbookDocument, RunbookStep, StepState } from '../../protocol/runbook.js';

/** The command with this id in the document that is held; `undefined` also when the page shows another version. */
export function findCommand(document: RunbookDocument | undefined, hash: string, id: string): RunbookCommand | undefined {
  if (document === undefined || document.hash !== hash) return undefined;
  for (const { parts } of document.steps) {
    for (const part of parts) if (part.kind === 'command' && part.command.id === id) return part.command;
  }
  return undefined;
}

export function findStep(document: RunbookDocument | undefined, id: string): RunbookStep | undefined {
  return document?.steps.find((step) => step.id === id);
}

/** Names of runbooks as files may have them: nothing that could be a path. */
export function isRunbookId(id: string): boolean {
  return /^[a-z0-9][a-z0-9-]{0,99}$/.test(id);
}

/** The latest state of each step, so that a page that comes back can be given all of it. */
export class StepStates {
  readonly #states = new Map<string, StepState>();

  merge(steps: readonly StepState[]): void {
    for (const state of steps) this.#states.set(state.step, state);
  }

  all(): StepState[] {
    return [...this.#states.values()];
  }

  clear(): void {
    this.#states.clear();
  }
}

/**
 * Whether a text may be typed into a terminal without being run: one line, nothing that a terminal or a shell's line
 * editor would take for a key (Enter, Ctrl+C, an escape sequence).
 */
export function isTypeable(text: string): boolean {
  return text !== '' && !/\p{Cc}/u.test(text) && !/[\u2028\u2029]/u.test(text);
}
