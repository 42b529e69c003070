import { setTimeout as sleep } from 'node:timers/promises';
import { diagnose } from '../core/diagnosis/diagnose.js';
import type { Diagnosis } from '../core/diagnosis/types.js';
import { derive } from '../core/observe/derive.js';
import { observe, type WindowView } from '../core/observe/window.js';
import { withPrivilegedNotes } from '../core/privileged/notes.js';
import type { Cause } from '../core/runbook/cause.js';
import type { Sample } from '../core/sample.js';
import type { Tier } from '../core/sources.js';
import { withReadings, type Deeper } from './deeper.js';
import { diagnosisTiers } from './schedule.js';

/** What a diagnosis needs of a host. */
export interface Sampler {
  sample(tiers: ReadonlySet<Tier>, signal?: AbortSignal): Promise<Sample>;
}

export interface Watched {
  readonly samples: readonly Sample[];
  readonly view: WindowView;
  readonly diagnosis: Diagnosis;
}

/** Windows shorter than this would compare counters over less than the clock's resolution. */
export const SHORTEST_WINDOW = 0.5;
export const LONGEST_WINDOW = 300;

/**
 * Watches a host for `seconds` and judges what happened. Samples once a second between the two full ones, so that a
 * queue that stays full differs from one that was full by chance. `progress` is called with the seconds that passed.
 * `deeper` is read at both ends: what needs root, or the reason why it is not read.
 * Throws the signal's reason when it is aborted, and whatever the sampler throws.
 */
export async function watchWindow(
  sampler: Sampler,
  causes: readonly Cause[],
  seconds: number,
  progress: (elapsed: number) => void,
  signal: AbortSignal | undefined,
  deeper: Deeper,
): Promise<Watched> {
  const begun = await deeper.begin(signal);
  const samples: Sample[] = [withReadings(await sampler.sample(diagnosisTiers('first'), signal), begun)];
  const start = performance.now();
  const elapsed = (): number => (performance.now() - start) / 1000;
  progress(0);
  for (let second = 1; second < seconds; second++) {
    await pause(second - elapsed(), signal);
    // The end is near enough: the last, full sample serves for this one too.
    if (seconds - elapsed() < 0.3) break;
    samples.push(await sampler.sample(diagnosisTiers('between'), signal));
    progress(elapsed());
  }
  await pause(seconds - elapsed(), signal);
  const last = await sampler.sample(diagnosisTiers('last'), signal);
  samples.push(withReadings(last, await deeper.end(signal)));
  progress(elapsed());
  return judge(samples, causes);
}

/** Judges the samples of a window, what root read at both ends among them. */
export function judge(samples: readonly Sample[], causes: readonly Cause[]): Watched {
  const view = derive(observe(samples));
  return { samples, view, diagnosis: withPrivilegedNotes(diagnose(view, causes), view) };
}

async function pause(seconds: number, signal: AbortSignal | undefined): Promise<void> {
  if (seconds > 0) await sleep(seconds * 1000, undefined, signal ? { signal } : {});
}
