import { withoutVerdict } from './kinds/rule.js';
import type { Current, RuleName } from './types.js';

/**
 * Whether the rule at a place is the one that was changed, on or off. A ruleset that is loaded anew gives its handles
 * and numbers out anew, and another rule may have this one's.
 */
export function isSameRule(rule: RuleName, before: Current, present: Current): boolean {
  return [before.state, withoutVerdict(rule, before.state)].some((state) => uncounted(state) === uncounted(present.state));
}

/** A rule's text without what it has counted. */
export function uncounted(state: string): string {
  return state.trim().replace(/\bcounter packets \d+ bytes \d+/g, 'counter').replace(/\s+/g, ' ');
}
