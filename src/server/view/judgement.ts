import type { Diagnosis, Finding } from '../../core/diagnosis/types.js';
import { SEVERITIES, type Layer } from '../../core/layers.js';
import type { RowWindow } from '../../core/observe/window.js';
import type { Health } from '../../protocol/tree.js';

/** Which findings speak about which things on the screen. */
export class Judgement {
  readonly #findings: readonly Finding[];
  /** By the name of their subject and by the signals that they rest on: every row of the tree asks, once a second. */
  readonly #bySubject = new Map<string, Finding[]>();
  readonly #bySignal = new Map<string, Finding[]>();

  constructor(diagnosis: Diagnosis) {
    // What was lost before the window is history and never colours anything.
    this.#findings = diagnosis.findings.filter((finding) => finding.severity !== 'history');
    for (const finding of this.#findings) {
      if (finding.subject.kind !== 'host') add(this.#bySubject, finding.subject.name, finding);
      const moved = finding.evidence.filter((entry) => entry.delta > 0 || finding.severity === 'risk');
      for (const signal of new Set(moved.map((entry) => entry.signal))) add(this.#bySignal, signal, finding);
    }
  }

  /** Findings of severity loss or risk: the badge. */
  get alarms(): number {
    return this.#findings.filter((finding) => finding.severity === 'loss' || finding.severity === 'risk').length;
  }

  ofLayer(layer: Layer): readonly Finding[] {
    return this.#findings.filter((finding) => finding.layer === layer);
  }

  /** Findings about something of this row's name. */
  ofRow(row: RowWindow): readonly Finding[] {
    return this.#bySubject.get(row.labels.get('local') ?? row.key) ?? [];
  }

  /** Findings that name a host-wide signal as evidence and that this signal moved for. */
  ofSignal(signal: string): readonly Finding[] {
    return this.#bySignal.get(signal) ?? [];
  }
}

function add(index: Map<string, Finding[]>, key: string, finding: Finding): void {
  const known = index.get(key);
  if (known) known.push(finding);
  else index.set(key, [finding]);
}

/** The worst health among findings; `fallback` when there are none. */
export function worst(findings: readonly Finding[], fallback: Health): Health {
  for (const severity of SEVERITIES) {
    if (severity !== 'history' && findings.some((finding) => finding.severity === severity)) return severity;
  }
  return fallback;
}
