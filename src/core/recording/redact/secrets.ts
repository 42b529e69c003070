/** What takes a secret's place. */
const GONE = '[secret]';

/** Shapes of secrets, and what is left of each. They have no nested repetition, so that they take time in proportion to the text. */
const SHAPES: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]{0,40}PRIVATE KEY-----|$)/g, GONE],
  // JSON Web Tokens, then the marks of well-known issuers.
  [/\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*/g, GONE],
  [/\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/g, GONE],
  [/\b(?:gh[oprsu]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}|glpat-[A-Za-z0-9_-]{16,}|xox[abprs]-[A-Za-z0-9-]{10,}|sk-[A-Za-z0-9_-]{20,}|npm_[A-Za-z0-9]{30,}|AIza[A-Za-z0-9_-]{30,}|hvs\.[A-Za-z0-9_-]{20,})/g, GONE],
  [/\b(authorization\s*[:=]\s*(?:basic|bearer|token|digest)?\s*)\S[^\n]*/gi, `$1${GONE}`],
  [/\b((?:set-)?cookie\s*:\s*)\S[^\n]*/gi, `$1${GONE}`],
  [/([a-z][a-z0-9+.-]{1,20}:\/\/[^\s/:@]{0,200}:)[^\s/@]{1,200}(?=@)/gi, `$1${GONE}`],
  [/\b((?:pass(?:word|wd|phrase)?|pwd|secret|token|api[-_]?key|access[-_]?key|private[-_]?key|preshared[-_]?key|client[-_]?secret|auth[-_]?key|psk|community)["']?\s*[:=]\s*)("[^"\n]*"|'[^'\n]*'|\S+)/gi, `$1${GONE}`],
  // WireGuard writes keys in base64, `ip xfrm` in hexadecimal behind the name of the method.
  [/\b((?:private|preshared) key:?\s+)\S+/gi, `$1${GONE}`],
  [/\b((?:auth|auth-trunc|enc|aead|comp)\s+\S{1,60}\s+)0x[0-9a-f]{8,}/gi, `$1${GONE}`],
];

/** A text without what looks like a secret. */
export function withoutSecrets(text: string): string {
  return SHAPES.reduce((rest, [shape, instead]) => rest.replace(shape, instead), text);
}
