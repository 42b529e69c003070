import type { ChangePhase, ChangeState, ProofView } from '../protocol/change.js';
import type { StepVerdict } from '../protocol/runbook.js';
import type { FromWebview } from '../protocol/webview.js';
import { button, el, setText } from './dom.js';
import { number } from './numbers.js';
import { Sign } from './verdict.js';
import type { Say } from './words.js';

type Outcome = Extract<ChangePhase, { kind: 'over' }>['outcome'];

/** A change that is gone is neither good nor bad; one that cannot be undone is bad. */
const SIGNS: Readonly<Record<Outcome, StepVerdict>> = {
  kept: 'ok',
  undone: 'harmless',
  late: 'harmless',
  failed: 'unknown',
  unheard: 'risk',
  stuck: 'loss',
};

const PROOFS: Readonly<Record<ProofView['verdict'], StepVerdict>> = { stopped: 'ok', less: 'risk', same: 'loss', quiet: 'unknown' };

/** With so little time left a person is told once more, in milliseconds. */
const HURRY_MS = 15_000;

/** One change: from what to what, how long until the host undoes it, what the counters prove, and the two words of a person. */
export class ChangeView {
  readonly element = el('div', { class: 'change', role: 'group', tabindex: '-1', hidden: true });
  readonly #heading = el('p', { class: 'label' });
  readonly #steps = el('ul');
  /** Ticks every second, so that it must not be spoken; the status below is. */
  readonly #clock: HTMLElement;
  readonly #bar = el('progress', { hidden: true, 'aria-hidden': 'true' });
  readonly #status = el('p', { class: 'sentence', role: 'status' });
  readonly #sign = new Sign();
  readonly #sentence = document.createTextNode('');
  readonly #then = el('p', { class: 'how', hidden: true });
  readonly #proof = el('p', { class: 'proof', role: 'status', hidden: true });
  readonly #proofSign = new Sign();
  readonly #proofText = document.createTextNode('');
  readonly #table = el('tbody');
  readonly #tableBox: HTMLElement;
  readonly #buttons: Readonly<Record<'keep' | 'undo' | 'measure' | 'persist', HTMLButtonElement>>;
  #state: ChangeState | undefined;
  #ends = 0;
  /** Whether it was said that little time is left. */
  #hurried = false;
  #ticking: ReturnType<typeof setInterval> | undefined;

  constructor(
    /** Of the command that stands for the fix. */
    command: string,
    private readonly say: Say,
    send: (message: FromWebview) => void,
  ) {
    const clock = `clock-${command}`;
    this.#clock = el('p', { class: 'clock', id: clock, role: 'timer', 'aria-live': 'off', hidden: true });
    const decide = (decision: 'keep' | 'undo' | 'measure') => (): void => {
      if (this.#state !== undefined) send({ type: 'decide', change: this.#state.change, decision });
    };
    this.#buttons = {
      keep: button(say('change.keep'), { class: 'run', 'aria-describedby': clock }, decide('keep')),
      undo: button(say('change.undo'), { class: 'secondary' }, decide('undo')),
      measure: button(say('change.measure'), { class: 'secondary' }, decide('measure')),
      persist: button(say('change.persist'), { class: 'secondary' }, () => {
        if (this.#state !== undefined) send({ type: 'persist', change: this.#state.change });
      }),
    };
    const head = (text: string): HTMLElement => el('th', { scope: 'col' }, text);
    const columns = el('tr', {}, head(say('change.signal')), head(say('change.rateBefore')), head(say('change.rateAfter')));
    this.#tableBox = el('div', { class: 'table', hidden: true }, el('table', {}, el('thead', {}, columns), this.#table));
    this.#status.append(this.#sign.element, this.#sentence);
    this.#proof.append(this.#proofSign.element, this.#proofText);
    const { keep, undo, measure, persist } = this.#buttons;
    const bar = el('div', { class: 'bar' }, keep, undo, measure, persist);
    this.element.append(this.#heading, this.#steps, this.#clock, this.#bar, this.#status, this.#then, this.#proof, this.#tableBox, bar);
  }

  /** `remainingMs`: until the host undoes it, at the moment of the message. */
  show(state: ChangeState, remainingMs: number | null): void {
    const { say } = this;
    const begun = this.#state?.change !== state.change;
    const onTrial = !begun && this.#state?.phase.kind === 'trial';
    const active = document.activeElement;
    const had = active !== this.element && this.element.contains(active);
    this.#state = state;
    this.element.hidden = false;
    this.element.setAttribute('aria-label', `${say('change.heading', state.host)}: ${state.title}`);
    setText(this.#heading, `${say('change.heading', state.host)}: ${state.title}`);
    this.#steps.replaceChildren(...state.steps.map(({ name, before, after }) => el('li', {}, say('change.step', name, before, after))));
    const { phase } = state;
    const trial = phase.kind === 'trial';
    this.#countdown(trial ? remainingMs : null, begun);
    this.#speak(state);
    this.#then.hidden = state.then === null || !trial;
    setText(this.#then, state.then ?? '');
    this.#prove(state.proof);
    this.#buttons.keep.hidden = !trial;
    this.#buttons.undo.hidden = !trial;
    this.#buttons.measure.hidden = !trial || phase.measuring;
    this.#buttons.persist.hidden = phase.kind !== 'over' || phase.outcome !== 'kept';
    const near = active === document.body || this.element.parentElement?.contains(active) === true;
    // The word that a person is waited for comes under their fingers, if they are not busy elsewhere.
    if (trial && !onTrial && near && document.hasFocus()) this.#buttons.keep.focus({ preventScroll: true });
    // A button that vanishes does not lose their place.
    else if (had && !this.#focused()) this.element.focus({ preventScroll: true });
    if (begun || (trial && !onTrial && near)) this.element.scrollIntoView({ block: 'nearest' });
  }

  /** What a page that comes back to the front should have under a person's fingers; `undefined`: nothing waits for them. */
  get waiting(): HTMLElement | undefined {
    return this.#state?.phase.kind === 'trial' ? this.#buttons.keep : undefined;
  }

  #focused(): boolean {
    const active = document.activeElement;
    return Object.values(this.#buttons).some((one) => one === active && !one.hidden);
  }

  #countdown(remainingMs: number | null, begun: boolean): void {
    clearInterval(this.#ticking);
    this.#clock.hidden = remainingMs === null;
    this.#bar.hidden = remainingMs === null;
    if (remainingMs === null) return;
    this.#ends = performance.now() + remainingMs;
    if (begun) this.#hurried = false;
    if (begun || this.#bar.max < remainingMs || this.#bar.max === 1) this.#bar.max = remainingMs;
    const tick = (): void => {
      const left = Math.max(0, this.#ends - performance.now());
      setText(this.#clock, left > 0 ? this.say('change.trial', Math.ceil(left / 1000)) : this.say('change.overdue'));
      this.#bar.value = left;
      this.#hurry(left);
      if (left === 0) clearInterval(this.#ticking);
    };
    tick();
    this.#ticking = setInterval(tick, 1_000);
  }

  /** Once, for those who do not see the clock: what ticks is not spoken. */
  #hurry(left: number): void {
    const phase = this.#state?.phase;
    if (this.#hurried || left > HURRY_MS || left === 0 || phase?.kind !== 'trial' || phase.measuring) return;
    this.#hurried = true;
    this.#sentence.data = this.say('change.hurry', Math.ceil(left / 1000));
  }

  #speak({ phase }: ChangeState): void {
    this.#sign.show(phase.kind === 'over' ? SIGNS[phase.outcome] : null);
    this.#sign.element.toggleAttribute('hidden', phase.kind !== 'over');
    const text = this.#phaseText(phase);
    if (this.#sentence.data !== text) this.#sentence.data = text;
  }

  #phaseText(phase: ChangePhase): string {
    switch (phase.kind) {
      case 'before':
        return this.say('change.before', phase.seconds);
      case 'arming':
        return this.say('change.arming');
      case 'trial':
        return phase.measuring ? this.say('change.measuring') : '';
      case 'deciding':
        return this.say('change.deciding');
      case 'over':
        return phase.text;
    }
  }

  #prove(proof: ProofView | null): void {
    this.#proof.hidden = proof === null;
    this.#tableBox.hidden = proof === null || proof.lines.length === 0;
    if (proof === null) return;
    this.#proofSign.show(PROOFS[proof.verdict]);
    if (this.#proofText.data !== proof.sentence) this.#proofText.data = proof.sentence;
    const amount = (value: number, level: boolean): HTMLElement => el('td', { class: 'number' }, level ? number(value) : this.say('change.perSecond', number(value)));
    this.#table.replaceChildren(
      ...proof.lines.map(({ signal, before, after, level }) => el('tr', {}, el('th', { scope: 'row' }, signal), amount(before, level), amount(after, level))),
    );
  }
}
