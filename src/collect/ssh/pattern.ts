/**
 * Matches a name against one OpenSSH pattern: `*` is any run of characters, `?` exactly one (ssh_config(5), PATTERNS).
 * Runs in O(name × pattern) at worst, so that a hostile pattern cannot stall the caller as a regular expression could.
 */
export function matchPattern(name: string, pattern: string): boolean {
  let n = 0;
  let p = 0;
  let star = -1;
  let resume = 0;
  while (n < name.length) {
    const expected = pattern[p];
    if (expected === '*') {
      star = p++;
      resume = n;
    } else if (expected === '?' || (expected !== undefined && expected === name[n])) {
      p++;
      n++;
    } else if (star >= 0) {
      p = star + 1;
      n = ++resume;
    } else {
      return false;
    }
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}

/** Matches a name against a pattern list: a matching `!pattern` vetoes the whole list, whatever else matches. */
export function matchPatternList(name: string, patterns: readonly string[]): boolean {
  let matched = false;
  for (const pattern of patterns) {
    if (pattern.startsWith('!')) {
      if (matchPattern(name, pattern.slice(1))) return false;
    } else if (pattern !== '' && matchPattern(name, pattern)) {
      matched = true;
    }
  }
  return matched;
}
