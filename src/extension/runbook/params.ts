import { l10n, window, type Memento } from 'vscode';
import * as v from 'valibot';
import { Requests } from '../../protocol/messages.js';
import type { ParamSpec, RunbookCommand } from '../../protocol/runbook.js';
import { plain, sentence } from '../client/errors.js';
import type { Server } from '../client/server.js';

const KEY = 'droplens.params';
const Remembered = v.record(v.string(), v.record(v.string(), v.string()));

/** Asks for the values that a command needs; remembers the last ones for each target within this workspace. */
export class Params {
  constructor(
    private readonly server: Server,
    private readonly memory: Memento,
  ) {}

  /** `undefined`: the person turned away. */
  async ask(target: string, command: RunbookCommand): Promise<Record<string, string> | undefined> {
    const last = this.#last(target);
    const values = new Map<string, string>();
    for (const spec of command.params) {
      const before = last.get(spec.name);
      const value = spec.choices.length > 0 ? await this.#choose(command, spec, before) : await this.#type(command, spec, before);
      if (value === undefined) return undefined;
      values.set(spec.name, value);
    }
    if (values.size > 0) await this.#remember(target, values);
    return Object.fromEntries(values);
  }

  async #choose(command: RunbookCommand, spec: ParamSpec, before: string | undefined): Promise<string | undefined> {
    // The last choice comes first, so that Enter repeats it.
    const choices = [...spec.choices].sort((a, b) => Number(b === before) - Number(a === before));
    const items = choices.map((value) => ({ label: plain(value), value }));
    const chosen = await window.showQuickPick(items, { title: command.label, placeHolder: spec.title, ignoreFocusOut: true });
    return chosen?.value;
  }

  async #type(command: RunbookCommand, spec: ParamSpec, before: string | undefined): Promise<string | undefined> {
    return await window.showInputBox({
      title: command.label,
      prompt: spec.title,
      placeHolder: spec.placeholder,
      value: before ?? '',
      ignoreFocusOut: true,
      validateInput: async (value) => {
        try {
          return (await this.server.request(Requests.checkParam, { name: spec.name, value })).problem;
        } catch (error) {
          return l10n.t('Could not be checked: {0}', sentence(error));
        }
      },
    });
  }

  #last(target: string): Map<string, string> {
    const all = new Map(Object.entries(this.#all()));
    return new Map(Object.entries(all.get(target) ?? {}));
  }

  async #remember(target: string, values: ReadonlyMap<string, string>): Promise<void> {
    const merged = Object.fromEntries([...this.#last(target), ...values]);
    await this.memory.update(KEY, { ...this.#all(), [target]: merged });
  }

  #all(): Record<string, Record<string, string>> {
    const parsed = v.safeParse(Remembered, this.memory.get(KEY) ?? {});
    return parsed.success ? parsed.output : {};
  }
}
