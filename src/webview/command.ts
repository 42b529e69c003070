import type { ChangeState } from '../protocol/change.js';
import type { RunbookCommand, RunResult } from '../protocol/runbook.js';
import type { FromWebview } from '../protocol/webview.js';
import { ChangeView } from './change.js';
import { button, el, setText } from './dom.js';
import { Tables } from './table.js';
import { Sign } from './verdict.js';
import type { Say } from './words.js';

/** Longer commands are folded, so that the buttons and the result stay together. */
const FOLDED_LINES = 6;

/** A command with its three buttons and, after a run, what it printed and what that means. */
export class CommandCard {
  readonly element: HTMLElement;
  readonly #run: HTMLButtonElement;
  readonly #cancel: HTMLButtonElement;
  readonly #status = el('p', { class: 'sentence', role: 'status' });
  readonly #sign = new Sign();
  readonly #sentence = document.createTextNode('');
  readonly #how = el('p', { class: 'how', hidden: true });
  readonly #tables: Tables;
  readonly #details: HTMLDetailsElement;
  readonly #summary = el('summary');
  readonly #raw = el('pre', { class: 'raw' });
  readonly #truncated: HTMLElement;
  /** The change that the command's fix makes, where it stands for one. */
  readonly change: ChangeView | undefined;
  readonly fix: string | null;
  #running = false;

  constructor(
    command: RunbookCommand,
    /** The document's hash at the time of drawing: the extension refuses another. */
    hash: string,
    private readonly say: Say,
    send: (message: FromWebview) => void,
  ) {
    const { id, label, text, risk, undo } = command;
    const riskId = `risk-${id}`;
    this.fix = command.fix;
    this.change = command.fix === null ? undefined : new ChangeView(id, say, send);
    const [word, named] = command.fix === null ? (['command.run', 'command.runNamed'] as const) : (['fix.apply', 'fix.applyNamed'] as const);
    this.#run = button(say(word), { class: 'run', 'aria-label': say(named, label), 'aria-describedby': riskId }, () => {
      if (!this.#running) send({ type: command.fix === null ? 'run' : 'fix', hash, command: id });
    });
    this.#cancel = button(
      say('command.cancel'),
      { class: 'secondary', hidden: true, 'aria-label': say('command.cancelNamed', label) },
      () => send({ type: 'cancel', command: id }),
    );
    const terminal = button(
      say('command.terminal'),
      { class: 'secondary', 'aria-label': say('command.terminalNamed', label), 'aria-describedby': riskId },
      () => send({ type: 'terminal', hash, command: id }),
    );
    const copy = button(say('command.copy'), { class: 'secondary', 'aria-label': say('command.copyNamed', label) }, () =>
      send({ type: 'copy', hash, command: id }),
    );
    this.#tables = new Tables(say);
    this.#truncated = el('p', { hidden: true }, say('command.truncated'));
    this.#details = el('details', { hidden: true }, this.#summary, this.#raw, this.#truncated);
    this.#status.append(this.#sign.element, this.#sentence);
    this.#sign.element.toggleAttribute('hidden', true);
    this.element = el(
      'div',
      { class: 'command', role: 'group', 'aria-label': label },
      el('p', { class: 'label' }, label),
      script(text, say),
      el(
        'div',
        { class: 'bar' },
        this.#run,
        this.#cancel,
        terminal,
        copy,
        el('span', { class: `effect ${risk}`, id: riskId }, say(`risk.${risk}`)),
      ),
      ...(undo === null ? [] : [el('p', { class: 'undo' }, say('command.undo', undo))]),
      ...(this.change === undefined ? [] : [this.change.element]),
      this.#status,
      this.#how,
      this.#tables.element,
      this.#details,
    );
  }

  /** Draws a change that the command's fix makes or has made; what was said before it began is over. */
  showChange(state: ChangeState, remainingMs: number | null): void {
    this.#sentence.data = '';
    this.#sign.element.toggleAttribute('hidden', true);
    this.#how.hidden = true;
    this.change?.show(state, remainingMs);
  }

  running(): void {
    this.#setRunning(true);
    this.#sign.element.toggleAttribute('hidden', true);
    this.#sentence.data = this.say('command.running');
  }

  finish(result: RunResult): void {
    this.#setRunning(false);
    this.#how.hidden = true;
    this.#details.hidden = true;
    if (result.kind === 'done') this.#done(result);
    else {
      this.#tables.update([]);
      this.#sign.show('unknown');
      this.#sign.element.toggleAttribute('hidden', result.kind === 'cancelled');
      this.#sentence.data = result.kind === 'cancelled' ? this.say('command.cancelled') : result.why;
      if (result.kind === 'refused' && result.how !== null) {
        this.#how.hidden = false;
        setText(this.#how, result.how);
      }
    }
  }

  #done(result: Extract<RunResult, { kind: 'done' }>): void {
    this.#sign.show(result.verdict);
    this.#sign.element.toggleAttribute('hidden', result.verdict === null);
    const exit = result.exit === null ? this.say('command.ended') : this.say('command.exit', result.exit);
    const measure = `${exit} · ${this.say('command.seconds', result.seconds.toFixed(1))}`;
    const spoken = result.verdict === null ? '' : `${this.say(`verdict.${result.verdict}`)}: `;
    this.#sentence.data = result.sentence === '' ? measure : `${spoken}${result.sentence}`;
    this.#tables.update(result.tables);
    setText(this.#summary, `${this.say('command.output')} (${measure})`);
    setText(this.#raw, result.output === '' ? this.say('command.noOutput') : result.output);
    this.#truncated.hidden = !result.truncated;
    this.#details.hidden = false;
    // Where nothing interprets the output, the output is the answer.
    this.#details.open = result.tables.length === 0;
  }

  #setRunning(running: boolean): void {
    const focused = document.activeElement;
    // The button that had the focus is about to vanish, or the focus was left behind in a dialog of VS Code.
    const take = this.#running && (focused === this.#cancel || focused === document.body || focused === null);
    this.#running = running;
    this.#run.setAttribute('aria-disabled', String(running));
    this.element.classList.toggle('busy', running);
    this.#cancel.hidden = !running;
    if (!running && take) this.#run.focus({ preventScroll: true });
  }
}

function script(text: string, say: Say): HTMLElement {
  const code = el('pre', { class: 'text' }, el('code', {}, text));
  const lines = text.trimEnd().split('\n').length;
  return lines <= FOLDED_LINES ? code : el('details', {}, el('summary', {}, say('command.text', lines)), code);
}
