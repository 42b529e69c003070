import type { BothEndsVerdict } from '../protocol/bothEnds.js';
import type { DiagnosisReport } from '../protocol/diagnosis.js';
import type { StepVerdict } from '../protocol/runbook.js';
import type { FromWebview } from '../protocol/webview.js';
import { button, el } from './dom.js';
import { betweenView } from './between.js';
import { language, number } from './numbers.js';
import { Sign } from './verdict.js';
import type { Say } from './words.js';

type Finding = DiagnosisReport['findings'][number];

const SIGNS: Readonly<Record<Finding['severity'], StepVerdict | null>> = { loss: 'loss', risk: 'risk', harmless: 'harmless', history: null };
const VERDICTS: Readonly<Record<DiagnosisReport['verdict'], StepVerdict>> = { loss: 'loss', risk: 'risk', clean: 'ok', incomplete: 'unknown' };

/** The verdict of the last diagnosis: findings in their order with their evidence, and what could not be checked. */
export class ReportView {
  readonly element: HTMLElement;
  readonly #heading: HTMLElement;
  readonly #verdict: HTMLElement;
  readonly #content = el('div');

  constructor(
    private readonly say: Say,
    private readonly send: (message: FromWebview) => void,
    /** Whether the open document has this step. */
    private readonly hasStep: (step: string) => boolean,
    private readonly goto: (step: string) => void,
  ) {
    this.#heading = el('h2', { id: 'report-heading', tabindex: '-1' }, say('report.heading'));
    this.#verdict = el('p', { class: 'verdict', role: 'status' }, say('report.none'));
    const again = button(say('report.again'), { class: 'run' }, () => send({ type: 'diagnose' }));
    this.element = el(
      'section',
      { id: 'report', 'aria-labelledby': 'report-heading' },
      this.#heading,
      this.#verdict,
      this.#content,
      el('div', { class: 'bar' }, again),
    );
  }

  focus(): void {
    this.#heading.focus({ preventScroll: true });
    this.element.scrollIntoView({ block: 'start' });
  }

  /** `at` in milliseconds since the epoch; `earlier`: made before this window was. */
  show(report: DiagnosisReport, at: number, earlier: boolean, between?: BothEndsVerdict): void {
    const { say } = this;
    this.#verdict.replaceChildren(new Sign(VERDICTS[report.verdict]).element, say(`report.${report.verdict}`));
    const seconds = Math.round(report.window.seconds * 10) / 10;
    const parts: HTMLElement[] = [el('p', { class: 'dim' }, say('report.watched', report.host.name, seconds, report.window.samples, time(at)))];
    if (between !== undefined) parts.unshift(betweenView(between, say));
    if (earlier) parts.unshift(el('p', { class: 'earlier' }, say('report.earlier')));
    if (report.findings.length > 0) {
      parts.push(el('ol', { class: 'findings' }, ...report.findings.map((finding) => this.#finding(finding))));
    }
    if (report.notChecked.length > 0) {
      parts.push(
        el('h3', {}, say('report.notChecked')),
        el(
          'ul',
          { class: 'not-checked' },
          ...sameReason(report.notChecked).map(({ what, why, how }) =>
            el('li', {}, el('strong', {}, what.join(', ')), `: ${why}`, ...(how === '' ? [] : [el('p', { class: 'dim' }, say('report.how', how))])),
          ),
        ),
      );
    }
    this.#content.replaceChildren(...parts);
  }

  #finding(finding: Finding): HTMLElement {
    const { say } = this;
    const { severity, title, summary, subject, rate, unit, evidence, runbook, step } = finding;
    const verdict = SIGNS[severity];
    const word = verdict === null ? say('report.history') : say(`verdict.${verdict}`);
    const about = [
      subject.kind === 'host' ? '' : subject.name,
      subject.process === undefined ? '' : say('report.process', subject.process),
      rate > 0 ? say('report.rate', number(rate), unit) : '',
    ].filter((text) => text !== '');
    const links = [button(say('report.cause', title), { class: 'link' }, () => this.send({ type: 'open', runbook }))];
    if (this.hasStep(step)) {
      links.unshift(button(say('report.step'), { class: 'link', 'aria-label': `${say('report.step')}: ${title}` }, () => this.goto(step)));
    }
    return el(
      'li',
      { 'data-severity': severity, 'data-cause': finding.cause },
      el('h3', {}, new Sign(verdict).element, `${word}: ${title}`),
      el('p', {}, summary),
      ...(about.length === 0 ? [] : [el('p', { class: 'dim' }, about.join(' · '))]),
      ...(evidence.length === 0 ? [] : [this.#evidence(evidence)]),
      el('p', { class: 'links' }, ...links),
    );
  }

  #evidence(evidence: Finding['evidence']): HTMLElement {
    const { say } = this;
    const heads = [say('report.signal'), say('report.before'), say('report.after'), say('report.delta')];
    return el(
      'div',
      { class: 'table' },
      el(
        'table',
        {},
        el('caption', {}, say('report.evidence')),
        el('thead', {}, el('tr', {}, ...heads.map((head) => el('th', { scope: 'col' }, head)))),
        el(
          'tbody',
          {},
          ...evidence.map(({ signal, before, after, delta, wholeHost }) =>
            el('tr', {}, el('th', { scope: 'row' }, wholeHost === true ? `${signal} · ${say('report.wholeHost')}` : signal), ...[before, after, delta].map((value) => el('td', {}, number(value)))),
          ),
        ),
      ),
    );
  }
}

/** One missing tool hides many things: they are listed with their common reason once. */
function sameReason(entries: DiagnosisReport['notChecked']): { what: string[]; why: string; how: string }[] {
  const groups = new Map<string, { what: string[]; why: string; how: string }>();
  for (const { what, why, how } of entries) {
    const group = groups.get(`${why}\n${how}`) ?? { what: [], why, how };
    group.what.push(what);
    groups.set(`${why}\n${how}`, group);
  }
  return [...groups.values()];
}

const time = (at: number): string => new Date(at).toLocaleString(language(), { dateStyle: 'medium', timeStyle: 'medium', hourCycle: 'h23' });
