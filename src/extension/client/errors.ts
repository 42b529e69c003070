/** The protocol's numbers for a request that was given up: by the one who asked, or by the server. */
const REQUEST_CANCELLED = -32800;
const SERVER_CANCELLED = -32802;

/** Whether a request ended because somebody cancelled it, which is no error to show. */
export function isCancelled(error: unknown): boolean {
  if (typeof error !== 'object' || error === null || !('code' in error)) return false;
  return error.code === REQUEST_CANCELLED || error.code === SERVER_CANCELLED;
}

/** The sentence of an error and what can be done about it, without a stack and without control characters. */
export function sentence(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return plain([text, ...advice(error)].join(' '));
}

/** The server sends what to do beside its sentence. */
function advice(error: unknown): string[] {
  if (typeof error !== 'object' || error === null || !('data' in error)) return [];
  const { data } = error;
  return typeof data === 'object' && data !== null && 'how' in data && typeof data.how === 'string' ? [data.how] : [];
}

/** Text from a host or a server as one bounded line for a dialog. */
export function plain(text: string, limit = 600): string {
  // The control, bidirectional and invisible characters with which a text can pretend to be another.
  const line = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ').trim();
  return line.length > limit ? `${line.slice(0, limit)}…` : line;
}
