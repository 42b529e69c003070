import type { Tier } from '../core/sources.js';

/** How many seconds of the live view pass between two readings of the dearer sources. */
const MEDIUM_SECONDS = 5;
const SLOW_SECONDS = 60;

/**
 * Which sources are due in the n-th live sample (from 0), when one is taken every `intervalMs`. The first two samples
 * read everything cheap to have a rate at once; dear sources follow seldom, so that looking at a host costs it next to
 * nothing.
 */
export function liveTiers(index: number, intervalMs = 1_000): ReadonlySet<Tier> {
  const due = (seconds: number): boolean => index % Math.max(1, Math.round((seconds * 1_000) / intervalMs)) === 0;
  const tiers = new Set<Tier>(['fast']);
  if (index <= 1 || due(MEDIUM_SECONDS)) tiers.add('medium');
  if (due(SLOW_SECONDS)) tiers.add('slow');
  return tiers;
}

/** In a diagnosis both ends read everything, so that every counter has a difference; in between, queues are watched. */
export function diagnosisTiers(position: 'first' | 'between' | 'last'): ReadonlySet<Tier> {
  return new Set<Tier>(position === 'between' ? ['fast', 'medium'] : ['fast', 'medium', 'slow']);
}
