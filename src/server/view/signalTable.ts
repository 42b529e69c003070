import { msg } from '../../core/message.js';
import { isOfWholeHost, WHOLE_HOST_NOTE } from '../../core/namespaces/wholeHost.js';
import { findSignal } from '../../core/signals/catalogue.js';
import type { TableView } from '../../protocol/runbook.js';
import { count, perSecond } from './format.js';
import type { StepInput } from './steps.js';

/** Counters and levels by name: per second, in the window, since boot. A name this host does not have says so. */
export function signalTable(names: readonly string[], input: StepInput): TableView {
  const { view, translate } = input;
  const rows = names.map((name) => {
    const meaning = findSignal(name)?.meaning;
    const told = meaning ? translate(meaning) : '';
    const said = view.inNamespace === true && isOfWholeHost(name) ? `${told} ${translate(WHOLE_HOST_NOTE)}`.trimStart() : told;
    const counter = view.counters.get(name);
    const level = view.levels.get(name);
    const text = view.texts.get(name);
    const mark = input.diagnosis.findings.find(
      (finding) => finding.severity !== 'history' && finding.evidence.some((entry) => entry.signal === name && entry.delta > 0),
    );
    const values =
      counter !== undefined
        ? [
            counter.delta === undefined || counter.seconds <= 0 ? '–' : `${perSecond(counter.delta / counter.seconds)}/s`,
            translate(msg('{0} total', count(Number(counter.after)))),
          ]
        : text !== undefined
          ? [text, '']
          : level !== undefined
            ? [count(level.after), '']
            : [translate(msg('not on this host')), ''];
    const severity = mark?.severity;
    return { key: name, cells: [name, ...values, said], mark: severity === undefined || severity === 'history' ? null : severity };
  });
  return {
    caption: translate(msg('Counters')),
    columns: [translate(msg('Counter')), translate(msg('Value')), translate(msg('History')), translate(msg('Meaning'))],
    rows,
    more: 0,
  };
}
