import type { RunbookDocument, RunResult, StepState } from '../protocol/runbook.js';
import type { ToWebview, WebviewState } from '../protocol/webview.js';
import type { Link } from './allow.js';
import { button, el, setText } from './dom.js';
import type { HostApi } from './host.js';
import { prose } from './prose.js';
import { ReportView } from './report.js';
import { StepView } from './step.js';
import type { Say } from './words.js';

/** The runbook page of one target: a document whose numbers are alive. */
export class Page {
  readonly #say: Say;
  readonly #host: HostApi;
  readonly #memory: WebviewState;
  readonly #banner = el('p', { class: 'banner', role: 'alert', hidden: true });
  readonly #news = el('p', { class: 'spoken', role: 'status' });
  readonly #title = el('h1');
  readonly #on = el('p', { class: 'dim' });
  readonly #report: ReportView;
  readonly #progress = el('p', { class: 'dim' });
  readonly #index = el('ol');
  readonly #nav: HTMLElement;
  readonly #intro = el('div', { class: 'prose' });
  readonly #steps = el('div', { class: 'steps' });
  readonly #views = new Map<string, StepView>();
  #hash: string | undefined;
  #restoreScroll: boolean;
  /** What had the focus last. */
  #focused: EventTarget | null = null;

  constructor(root: HTMLElement, host: HostApi, say: Say, target: string, runbook: string) {
    this.#say = say;
    this.#host = host;
    this.#memory = host.recall(target, runbook);
    this.#restoreScroll = this.#memory.scroll > 0;
    this.#report = new ReportView(
      say,
      (message) => host.send(message),
      (step) => this.#views.has(step),
      (step) => this.goto(step),
    );
    this.#nav = el(
      'nav',
      { 'aria-labelledby': 'steps-heading', hidden: true },
      el('h2', { id: 'steps-heading' }, say('page.steps')),
      this.#progress,
      this.#index,
      el(
        'div',
        { class: 'bar' },
        button(say('page.openAll'), { class: 'secondary' }, () => this.#all(true)),
        button(say('page.closeAll'), { class: 'secondary' }, () => this.#all(false)),
        el('span', { class: 'dim' }, say('page.keys')),
      ),
    );
    setText(this.#title, say('page.loading'));
    root.replaceChildren(this.#banner, this.#title, this.#on, this.#report.element, this.#nav, this.#intro, this.#steps, this.#news);
    document.addEventListener('keydown', (event) => this.#key(event));
    document.addEventListener('focusin', ({ target }) => (this.#focused = target));
    window.addEventListener('focus', () => this.#focusBack());
    window.addEventListener('scroll', () => this.#keep(), { passive: true });
    for (const type of ['wheel', 'pointerdown', 'keydown'] as const) {
      window.addEventListener(type, () => (this.#restoreScroll = false), { passive: true });
    }
    this.#keep();
  }

  receive(message: Exclude<ToWebview, { type: 'setup' }>): void {
    switch (message.type) {
      case 'document':
        this.#open(message.document, message.host);
        break;
      case 'state':
        this.#update(message.steps);
        break;
      case 'running':
        this.#card(message.command, (card) => card.running());
        break;
      case 'result':
        this.#finish(message.command, message.result);
        break;
      case 'change':
        for (const view of this.#views.values()) {
          for (const card of view.commands.values()) if (card.fix === message.state.fix) card.showChange(message.state, message.remainingMs);
        }
        break;
      case 'goto':
        this.#restoreScroll = false;
        if (message.step === null) this.#report.focus();
        else this.goto(message.step);
        break;
      case 'report':
        this.#report.show(message.report, message.at, message.earlier, message.between);
        break;
      case 'banner':
        this.#banner.hidden = message.text === null;
        setText(this.#banner, message.text ?? '');
        break;
    }
  }

  /** Opens a step and puts the focus on its heading. */
  goto(step: string): void {
    const view = this.#views.get(step);
    if (view === undefined) return;
    view.open = true;
    view.focus();
    this.#keep();
  }

  #open(runbook: RunbookDocument, host: string): void {
    setText(this.#title, runbook.title);
    setText(this.#on, this.#say('page.host', host));
    if (runbook.hash === this.#hash) return;
    const first = this.#hash === undefined;
    const open = new Set(first ? this.#memory.open : this.#which((view) => view.open));
    const done = new Set(first ? this.#memory.done : this.#which((view) => view.done));
    this.#hash = runbook.hash;
    this.#views.clear();
    for (const step of runbook.steps) {
      const view = new StepView(step, runbook.hash, this.#say, {
        send: (message) => this.#host.send(message),
        follow: (link) => this.#follow(link),
        changed: () => this.#keep(),
      });
      // A cause's runbook is one step: there is nothing to choose from.
      view.open = open.has(step.id) || runbook.steps.length === 1;
      view.done = done.has(step.id);
      this.#views.set(step.id, view);
    }
    this.#intro.replaceChildren(prose(runbook.intro, (link) => this.#follow(link)));
    this.#steps.replaceChildren(...[...this.#views.values()].map(({ element }) => element));
    this.#index.replaceChildren(
      ...runbook.steps.map(({ id, title }) => el('li', {}, button(title, { class: 'link' }, () => this.goto(id)))),
    );
    this.#nav.hidden = runbook.steps.length < 2;
    // The verdict is about the whole host and belongs to the guide.
    this.#report.element.hidden = this.#nav.hidden;
    this.#scrollBack();
    this.#keep();
  }

  #update(states: readonly StepState[]): void {
    const news: string[] = [];
    for (const state of states) {
      const view = this.#views.get(state.step);
      if (view === undefined) continue;
      const before = view.verdict;
      const changed = view.update(state);
      // Only what turns bad while one reads is said aloud; the first values are on the page to be read.
      if (changed && before !== undefined && (state.verdict === 'loss' || state.verdict === 'risk')) {
        news.push(`${view.step.title}: ${this.#say(`verdict.${state.verdict}`)}. ${state.why}`);
      }
    }
    if (news.length > 0) setText(this.#news, news.join(' '));
    this.#scrollBack();
  }

  #finish(command: string, result: RunResult): void {
    this.#card(command, (card) => card.finish(result));
  }

  #card(command: string, act: (card: NonNullable<ReturnType<StepView['commands']['get']>>) => void): void {
    for (const view of this.#views.values()) {
      const card = view.commands.get(command);
      if (card !== undefined) act(card);
    }
  }

  /** A dialog of VS Code gives the focus back to the page and not to what had it there. */
  #focusBack(): void {
    if (document.activeElement !== document.body) return;
    const cards = [...this.#views.values()].flatMap(({ commands }) => [...commands.values()]);
    const last = this.#focused instanceof HTMLElement && this.#focused.checkVisibility() ? this.#focused : undefined;
    (last ?? cards.map(({ change }) => change?.waiting).find((one) => one !== undefined))?.focus({ preventScroll: true });
  }

  #follow(link: Exclude<Link, { kind: 'web' }>): void {
    if (link.kind === 'step') this.goto(link.id);
    else this.#host.send({ type: 'open', runbook: link.id });
  }

  #all(open: boolean): void {
    for (const view of this.#views.values()) view.open = open;
    this.#keep();
  }

  #key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (event.target instanceof HTMLInputElement && event.target.type !== 'checkbox') return;
    const by = event.key === 'j' ? 1 : event.key === 'k' ? -1 : 0;
    if (by === 0) return;
    const views = [...this.#views.values()];
    const at = views.findIndex((view) => view.focused);
    const next = at < 0 ? (by > 0 ? 0 : views.length - 1) : at + by;
    views[next]?.focus();
    event.preventDefault();
  }

  #which(is: (view: StepView) => boolean): string[] {
    return [...this.#views].filter(([, view]) => is(view)).map(([id]) => id);
  }

  #keep(): void {
    const done = this.#which((view) => view.done);
    setText(this.#progress, this.#say('page.progress', done.length, this.#views.size));
    const { target, runbook } = this.#memory;
    // Before the document is there, what was kept stays.
    const place = this.#hash === undefined || this.#restoreScroll ? this.#memory.scroll : window.scrollY;
    this.#host.keep(
      this.#hash === undefined
        ? this.#memory
        : { target, runbook, open: this.#which((view) => view.open), done, scroll: Math.round(place) },
    );
  }

  /** The page grows while values arrive: the old place is taken until the person moves. */
  #scrollBack(): void {
    if (!this.#restoreScroll || this.#hash === undefined) return;
    window.scrollTo(0, this.#memory.scroll);
    if (Math.abs(window.scrollY - this.#memory.scroll) < 2 && [...this.#views.values()].some(({ verdict }) => verdict !== undefined)) {
      this.#restoreScroll = false;
    }
  }
}
