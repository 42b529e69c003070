import { FactsBuilder } from '../../core/facts.js';
import { msg } from '../../core/message.js';
import { parseDropTrace } from '../../core/privileged/dropTrace.js';
import type { Reading } from '../../core/sample.js';
import { firstLine } from '../sanitize.js';

/** What to put into the first sample, by what the keeper had printed when it should have been ready. */
export function begunReading(text: string): Reading {
  return /^droplens-trace ready /m.test(text) ? { state: 'ok', facts: new FactsBuilder() } : failure(text);
}

/** What was counted, by all that the keeper printed; `undefined`: it did not come to its end in time. */
export function endedReading(text: string | undefined): Reading {
  if (text === undefined || !/^droplens-trace end$/m.test(text)) return failure(text ?? '');
  return { state: 'ok', facts: parseDropTrace(text) };
}

function failure(text: string): Reading {
  const why = /^droplens-trace failed (.*)$/m.exec(text)?.[1];
  return {
    state: 'unreadable',
    reason: 'failed',
    why: why === undefined ? msg('the drop trace gave no answer in time') : msg('the drop trace could not be used: {0}', firstLine(why)),
    how: undefined,
  };
}
