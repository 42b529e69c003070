import type { Diagnosis, Finding } from '../../core/diagnosis/types.js';
import { SEVERITIES, type Layer } from '../../core/layers.js';
import type { RowWindow } from '../../core/observe/window.js';
import type { Health } from '../../protocol/tree.js';

/** Which findings speak about which things on the screen. */
export class Judgement {
  readonly #findings: readonly Finding[];

  constructor(diagnosis: Diagnosis) {
    // What was lost before the window is history and never colours anything.
    this.#findings = diagnosis.findings.filter((finding) => finding.severity !== 'history');
  }

  /** Findings of severity loss or risk: the badge. */
  get alarms(): number {
    return this.#findings.filter((finding) => finding.severity === 'loss' || finding.severity === 'risk').length;
  }

  ofLayer(layer: Layer): readonly Finding[] {
    return this.#findings.filter((finding) => finding.layer === layer);
  }

  /** Findings about one row: same name and, for what several tables list, the same kind of thing. */
  ofRow(row: RowWindow): readonly Finding[] {
    const name = row.labels.get('local') ?? row.key;
    return this.#findings.filter((finding) => finding.subject.kind !== 'host' && finding.subject.name === name);
  }

  /** Findings that name a host-wide signal as evidence and that this signal moved for. */
  ofSignal(signal: string): readonly Finding[] {
    return this.#findings.filter((finding) =>
      finding.evidence.some((entry) => entry.signal === signal && (entry.delta > 0 || finding.severity === 'risk')),
    );
  }
}

/** The worst health among findings; `fallback` when there are none. */
export function worst(findings: readonly Finding[], fallback: Health): Health {
  for (const severity of SEVERITIES) {
    if (severity !== 'history' && findings.some((finding) => finding.severity === severity)) return severity;
  }
  return fallback;
}
