/** The process that ss names first for a socket. */
export interface Owner {
  readonly process: string;
  readonly pid: string;
}

/**
 * Reads `users:(("nginx",pid=12,fd=3),…)`, and `users:(("nginx",12,3))` of iproute2 before 4.0. A process may hold any
 * character in its name, quotes too; the kernel cuts it at 15 bytes (TASK_COMM_LEN).
 */
export function ownerOf(line: string): Owner | undefined {
  const start = line.indexOf('users:(("');
  if (start < 0) return undefined;
  const match = /^users:\(\("(.{1,64}?)",(?:pid=)?(\d{1,10}),/u.exec(line.slice(start, start + 256));
  const [, process, pid] = match ?? [];
  return process === undefined || pid === undefined ? undefined : { process, pid };
}

/** The process ids of all owners in the order of ss, separated by commas; at most 16. */
export function pidsOf(line: string): string {
  const start = line.indexOf('users:(("');
  const found = start < 0 ? [] : [...line.slice(start, start + 4_096).matchAll(/",pid=(\d{1,10}),/g)].map((match) => match[1] ?? '');
  return [...new Set(found)].slice(0, 16).join(',');
}
