import { incidentReport } from '../core/report/incident.js';
import type { Recording } from '../core/recording/types.js';
import type { Library } from './library.js';
import { recordedReport, replayOf } from './replay.js';
import { toReport, type Translate } from './report.js';

/**
 * The incident report of a recording: the latest diagnosis as it was given, or, where there is none, what everything
 * that was recorded says. `timeZone`: the reader's, by its IANA name.
 */
export async function writeIncident(recording: Recording, library: Library, translate: Translate, timeZone: string): Promise<string> {
  const { header, commands, changes } = recording;
  const window = recording.windows.at(-1);
  const given = window === undefined ? undefined : recordedReport(window);
  const diagnosis =
    given ?? toReport(header.target, header.host, (await replayOf(recording).diagnose(library.causes)).diagnosis, library, translate);
  return incidentReport(
    { target: header.target, diagnosis, at: window?.at ?? Date.parse(header.began), commands, changes, product: header.product, redacted: header.redacted },
    { translate, time: (at) => timeText(at, timeZone) },
  );
}

/** `2026-11-20 14:03:07 (Europe/Berlin, UTC+01:00)`. */
export function timeText(at: number, timeZone: string): string {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return '–';
  const parts = new Map(
    new Intl.DateTimeFormat('en-CA', {
      timeZone, hourCycle: 'h23', year: 'numeric', month: '2-digit', day: '2-digit',
      hour: '2-digit', minute: '2-digit', second: '2-digit', timeZoneName: 'longOffset',
    })
      .formatToParts(date)
      .map(({ type, value }) => [type, value]),
  );
  const part = (name: Intl.DateTimeFormatPartTypes): string => parts.get(name) ?? '';
  const offset = part('timeZoneName').replace('GMT', 'UTC');
  const zone = timeZone === offset ? offset : `${timeZone}, ${offset}`;
  return `${part('year')}-${part('month')}-${part('day')} ${part('hour')}:${part('minute')}:${part('second')} (${zone})`;
}

/** The time zone of this machine. */
export function ownTimeZone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone;
}
