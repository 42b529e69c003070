import type { BothEndsVerdict } from '../protocol/bothEnds.js';
import type { StepVerdict } from '../protocol/runbook.js';
import { el } from './dom.js';
import { number } from './numbers.js';
import { Sign } from './verdict.js';
import type { Say } from './words.js';

const SIGNS: Readonly<Record<BothEndsVerdict['verdict'], StepVerdict>> = { loss: 'loss', clean: 'ok', unknown: 'unknown' };

/** Where a flow between two hosts loses, with the values of both that say so. */
export function betweenView(between: BothEndsVerdict, say: Say): HTMLElement {
  const sign = SIGNS[between.verdict];
  const heads = [say('between.end'), say('report.signal'), say('report.before'), say('report.after'), say('report.delta')];
  const rows = between.because.map(({ end, signal, before, after, delta }) => {
    const host = end === 'sender' ? say('between.sender', between.sender) : say('between.receiver', between.receiver);
    return el('tr', {}, el('td', {}, host), el('th', { scope: 'row' }, signal), ...[before, after, delta].map((value) => el('td', {}, number(value))));
  });
  const table = el(
    'table',
    {},
    el('caption', {}, say('report.evidence')),
    el('thead', {}, el('tr', {}, ...heads.map((head) => el('th', { scope: 'col' }, head)))),
    el('tbody', {}, ...rows),
  );
  return el(
    'section',
    { class: 'between', 'aria-labelledby': 'between-heading' },
    el('h3', { id: 'between-heading' }, new Sign(sign).element, `${say(`verdict.${sign}`)}: ${say('between.heading')}`),
    el('p', {}, between.summary),
    el('p', { class: 'dim' }, `${say('between.flow', between.flow)} · ${say('between.place', between.where)}`),
    ...(rows.length === 0 ? [] : [el('div', { class: 'table' }, table)]),
    el('p', { class: 'dim' }, say('between.skew', number(-between.skewMs.begin), number(between.skewMs.end))),
  );
}
