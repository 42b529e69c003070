import type { RunbookStep, StepCause, StepState, StepVerdict } from '../protocol/runbook.js';
import type { FromWebview } from '../protocol/webview.js';
import type { Link } from './allow.js';
import { CommandCard } from './command.js';
import { arrange, button, el, setText } from './dom.js';
import { prose } from './prose.js';
import { Tables } from './table.js';
import { Sign } from './verdict.js';
import type { Say } from './words.js';

/** What a step tells the page. */
export interface StepEvents {
  readonly send: (message: FromWebview) => void;
  readonly follow: (link: Exclude<Link, { kind: 'web' }>) => void;
  /** Opened, closed, or ticked off. */
  readonly changed: () => void;
}

/** One step: a heading that opens and closes it, its verdict, and below its causes, live tables, prose and commands. */
export class StepView {
  readonly element: HTMLElement;
  readonly commands = new Map<string, CommandCard>();
  readonly #toggle: HTMLButtonElement;
  readonly #sign = new Sign();
  readonly #word = el('span', { class: 'word' });
  readonly #why = el('p', { class: 'why' });
  readonly #body: HTMLElement;
  readonly #done: HTMLInputElement;
  readonly #causes: HTMLElement;
  readonly #list = el('ul', { class: 'causes' });
  readonly #causeViews = new Map<string, CauseView>();
  readonly #tables: Tables;
  #verdict: StepVerdict | undefined;

  constructor(
    readonly step: RunbookStep,
    hash: string,
    private readonly say: Say,
    private readonly events: StepEvents,
  ) {
    const bodyId = `body-${step.id}`;
    this.#toggle = el('button', { type: 'button', class: 'toggle', 'aria-expanded': 'false', 'aria-controls': bodyId });
    this.#toggle.append(el('span', { class: 'twist', 'aria-hidden': 'true' }), this.#sign.element, el('span', { class: 'title' }, step.title), ' ', this.#word);
    this.#toggle.addEventListener('click', () => {
      this.open = !this.open;
      events.changed();
    });
    this.#done = el('input', { type: 'checkbox', id: `done-${step.id}`, 'aria-label': `${say('step.done')}: ${step.title}` });
    this.#done.addEventListener('change', () => {
      this.element.classList.toggle('is-done', this.#done.checked);
      events.changed();
    });
    this.#causes = el('div', { hidden: true }, el('h3', {}, say('step.causes')), this.#list);
    this.#tables = new Tables(say);
    const reveal = button(say('step.reveal'), { class: 'secondary', 'aria-label': `${say('step.reveal')}: ${step.title}` }, () =>
      events.send({ type: 'reveal', step: step.id }),
    );
    this.#body = el('div', { class: 'body', id: bodyId, hidden: true }, this.#causes, this.#tables.element);
    for (const part of step.parts) {
      if (part.kind === 'prose') {
        this.#body.append(el('div', { class: 'prose' }, prose(part.html, events.follow)));
      } else {
        const card = new CommandCard(part.command, hash, say, events.send);
        this.commands.set(part.command.id, card);
        this.#body.append(card.element);
      }
    }
    if (step.layer !== null) this.#body.append(el('div', { class: 'bar' }, reveal));
    this.element = el(
      'section',
      { class: 'step', id: `step-${step.id}`, 'data-verdict': 'waiting' },
      el(
        'div',
        { class: 'head' },
        el('h2', {}, this.#toggle),
        el('label', { class: 'done', for: `done-${step.id}` }, this.#done, el('span', { 'aria-hidden': 'true' }, say('step.done'))),
      ),
      this.#why,
      this.#body,
    );
    setText(this.#word, say('verdict.waiting'));
  }

  get open(): boolean {
    return !this.#body.hidden;
  }

  set open(open: boolean) {
    this.#body.hidden = !open;
    this.#toggle.setAttribute('aria-expanded', String(open));
  }

  get done(): boolean {
    return this.#done.checked;
  }

  set done(done: boolean) {
    this.#done.checked = done;
    this.element.classList.toggle('is-done', done);
  }

  get verdict(): StepVerdict | undefined {
    return this.#verdict;
  }

  focus(): void {
    this.#toggle.focus({ preventScroll: true });
    this.element.scrollIntoView({ block: 'start' });
  }

  get focused(): boolean {
    return this.element.contains(document.activeElement);
  }

  /** Draws the live state. `true`: the verdict is another than before. */
  update(state: StepState): boolean {
    const changed = this.#verdict !== state.verdict;
    this.#verdict = state.verdict;
    if (changed) {
      this.#sign.show(state.verdict);
      setText(this.#word, this.say(`verdict.${state.verdict}`));
      this.element.dataset['verdict'] = state.verdict;
    }
    setText(this.#why, state.why);
    this.#tables.update(state.tables);
    this.#showCauses(state.causes);
    return changed;
  }

  #showCauses(causes: readonly StepCause[]): void {
    const wanted: HTMLElement[] = [];
    for (const cause of causes) {
      const view = this.#causeViews.get(cause.cause) ?? new CauseView(cause, this.say, this.events.send);
      this.#causeViews.set(cause.cause, view);
      view.update(cause);
      wanted.push(view.element);
    }
    arrange(this.#list, wanted);
    this.#causes.hidden = causes.length === 0;
  }
}

/** A cause of a step; its button opens the cause's own runbook. */
class CauseView {
  readonly element: HTMLElement;
  readonly #sign = new Sign();
  readonly #word = el('span', { class: 'spoken' });
  readonly #text = el('span');

  constructor(
    { cause, title }: StepCause,
    private readonly say: Say,
    send: (message: FromWebview) => void,
  ) {
    const open = button(title, { class: 'link' }, () => send({ type: 'open', runbook: cause }));
    this.element = el('li', {}, this.#sign.element, this.#word, open, ' ', this.#text);
  }

  update({ verdict, text }: StepCause): void {
    this.#sign.show(verdict);
    setText(this.#word, `${this.say(`verdict.${verdict}`)}: `);
    setText(this.#text, text);
  }
}
