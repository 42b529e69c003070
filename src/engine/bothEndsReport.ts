import { inline } from '../collect/sanitize.js';
import { formatFlow } from '../core/bothEnds/flow.js';
import type { SeenFlow } from '../core/bothEnds/match.js';
import { placeTitle } from '../core/bothEnds/titles.js';
import type { End } from '../core/bothEnds/types.js';
import type { BothEndsReport } from '../protocol/bothEnds.js';
import type { DiagnosisReport } from '../protocol/diagnosis.js';
import type { WatchedFlow } from './bothEnds.js';
import type { Library } from './library.js';
import { toReport, type Translate } from './report.js';

/** What was watched at both ends in the shape of the command line's and the protocol's contract. */
export function toBothEndsReport(watched: WatchedFlow, others: readonly SeenFlow[], library: Library, translate: Translate): BothEndsReport {
  const { flow, verdict, skew } = watched;
  const report = (end: End): DiagnosisReport => {
    const { opened, watched: own } = watched[end];
    return toReport(opened.uri, opened.session.host, own.diagnosis, library, translate);
  };
  const ends = { sender: report('sender'), receiver: report('receiver') };
  const text = formatFlow(flow);
  return {
    flow: text,
    verdict: verdict.verdict,
    place: verdict.place,
    where: translate(placeTitle(verdict.place)),
    summary: inline(translate(verdict.summary)),
    sender: watched.sender.look.host,
    receiver: watched.receiver.look.host,
    because: verdict.because.map((entry) => ({ ...entry })),
    skewMs: { begin: Math.round(skew.begin), end: Math.round(skew.end) },
    findings: verdict.findings.flatMap(({ end, finding }) => {
      // Both lists are made from the same findings, in the same order.
      const reported = ends[end].findings[watched[end].watched.diagnosis.findings.indexOf(finding)];
      return reported === undefined ? [] : [{ end, ...reported }];
    }),
    ends,
    alternatives: others.map(({ flow: other, moved, waiting }) => ({ flow: formatFlow(other), moved, waiting })).filter((other) => other.flow !== text),
  };
}
