import { inline } from '../../collect/sanitize.js';
import { msg, type Message } from '../../core/message.js';
import type { RecordedChange } from '../../core/recording/types.js';
import type { Translate } from '../../engine/report.js';
import type { Entry } from './log.js';
import { proofView } from './view.js';

/** How long before a recording begins a change is still a part of its story, in milliseconds. */
const BEFORE = 24 * 3_600_000;

/** The logged changes that belong into a recording that began at `began`, the oldest first. */
export function recordedChanges(entries: readonly Entry[], began: number, translate: Translate): readonly RecordedChange[] {
  return entries.filter(({ at, undoneAt }) => Math.max(at, undoneAt ?? 0) >= began - BEFORE).map((entry) => recordedChange(entry, translate));
}

function recordedChange(entry: Entry, translate: Translate): RecordedChange {
  const { at, title, steps, outcome, persisted, undoneAt, proof } = entry;
  return {
    when: at,
    title: inline(title),
    commands: [...steps.map(({ name, before, after }) => inline(`${name}: ${before.value} → ${after}`)), ...persisted.map(({ path }) => inline(translate(msg('written: {0}', path))))],
    before: steps.map(({ before }) => inline(before.value)).join(', '),
    after: steps.map(({ after }) => inline(after)).join(', '),
    outcome: translate(undoneAt === null ? outcomeText(outcome) : msg('undone later')),
    proof: proof === null ? '' : proofView(proof, translate).sentence,
  };
}

function outcomeText(outcome: Entry['outcome']): Message {
  switch (outcome) {
    case 'kept':
      return msg('kept');
    case 'undone':
      return msg('undone');
    case 'late':
      return msg('undone by the host itself, because nobody kept it in time');
    case 'failed':
      return msg('not made: it failed, and was undone');
    case 'unheard':
      return msg('its end is not known');
    case 'stuck':
      return msg('it could not be undone');
  }
}
