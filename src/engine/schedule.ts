import type { Tier } from '../core/sources.js';

/** How many samples of the live view pass between two readings of the dearer sources. */
const MEDIUM_EVERY = 5;
const SLOW_EVERY = 30;

/**
 * Which sources are due in the n-th live sample (from 0). The first two samples read everything cheap to have a rate at
 * once; dear sources follow seldom, so that looking at a host costs it next to nothing.
 */
export function liveTiers(index: number): ReadonlySet<Tier> {
  const tiers = new Set<Tier>(['fast']);
  if (index <= 1 || index % MEDIUM_EVERY === 0) tiers.add('medium');
  if (index === 0 || index % SLOW_EVERY === 0) tiers.add('slow');
  return tiers;
}

/** In a diagnosis both ends read everything, so that every counter has a difference; in between, queues are watched. */
export function diagnosisTiers(position: 'first' | 'between' | 'last'): ReadonlySet<Tier> {
  return new Set<Tier>(position === 'between' ? ['fast', 'medium'] : ['fast', 'medium', 'slow']);
}
