import type { StepVerdict } from '../protocol/runbook.js';

/** Shapes that differ, so that colour is never all: tick, cross, triangle, i, question mark. */
const PATHS: Readonly<Record<StepVerdict, string>> = {
  ok: 'M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM5 8.2l2.2 2.2L11.2 5.9',
  loss: 'M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM5.5 5.5l5 5M10.5 5.5l-5 5',
  risk: 'M8 2 14.5 13.5H1.5zM8 6.5v3.5M8 11.7v.4',
  harmless: 'M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM8 7.2v4.3M8 4.6v.4',
  unknown: 'M2.5 2.5h11v11h-11zM6.2 6.2a1.8 1.8 0 1 1 2.6 1.6c-.5.3-.8.6-.8 1.2M8 11v.4',
};

const SVG = 'http://www.w3.org/2000/svg';

/** The sign of a verdict; the words beside it say the same to a screen reader. */
export class Sign {
  readonly element: SVGSVGElement;
  readonly #path: SVGPathElement;
  #verdict: StepVerdict | null | undefined;

  constructor(verdict: StepVerdict | null = null) {
    this.element = document.createElementNS(SVG, 'svg');
    this.element.setAttribute('viewBox', '0 0 16 16');
    this.element.setAttribute('aria-hidden', 'true');
    this.#path = document.createElementNS(SVG, 'path');
    this.element.append(this.#path);
    this.show(verdict);
  }

  show(verdict: StepVerdict | null): void {
    if (verdict === this.#verdict) return;
    this.#verdict = verdict;
    this.element.setAttribute('class', `sign ${verdict ?? 'waiting'}`);
    this.#path.setAttribute('d', verdict === null ? 'M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13z' : PATHS[verdict]);
  }
}
