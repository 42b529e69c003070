import * as v from 'valibot';
import { BothEndsVerdict } from '../../protocol/bothEnds.js';
import { DiagnosisReport } from '../../protocol/diagnosis.js';
import type { Memory } from '../targets/saved.js';

const KEY = 'droplens.reports';
const MAX_REPORTS = 20;
/** A host with hundreds of findings keeps the first of them, which are the worst. */
const MAX_FINDINGS = 50;

/** A verdict and when it was made, in milliseconds since the epoch. */
const Kept = v.object({ at: v.number(), report: DiagnosisReport, between: v.exactOptional(BothEndsVerdict) });
export type Kept = v.InferOutput<typeof Kept>;

/** The last verdict of each target within this workspace, so that a reloaded window still has it. */
export class KeptReports {
  constructor(private readonly memory: Memory) {}

  of(target: string): Kept | undefined {
    return this.#all().get(target);
  }

  async keep(target: string, kept: Kept): Promise<void> {
    const all = this.#all();
    all.delete(target);
    const { report } = kept;
    all.set(target, { ...kept, report: { ...report, findings: report.findings.slice(0, MAX_FINDINGS) } });
    await this.#write([...all].slice(-MAX_REPORTS));
  }

  async drop(target: string): Promise<void> {
    const all = this.#all();
    if (all.delete(target)) await this.#write([...all]);
  }

  /** Oldest first. What another version wrote and this one cannot read is left out. */
  #all(): Map<string, Kept> {
    const list = v.safeParse(v.array(v.tuple([v.string(), v.unknown()])), this.memory.get(KEY) ?? []);
    const all = new Map<string, Kept>();
    for (const [target, value] of list.success ? list.output : []) {
      const kept = v.safeParse(Kept, value);
      if (kept.success) all.set(target, kept.output);
    }
    return all;
  }

  async #write(entries: readonly (readonly [string, Kept])[]): Promise<void> {
    await this.memory.update(KEY, entries);
  }
}
