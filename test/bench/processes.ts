import { readFileSync } from 'node:fs';

/** Milliseconds of one clock tick of /proc: USER_HZ is 100 on every Linux that Node runs on. */
const TICK_MS = 10;

/**
 * CPU time in milliseconds, user and system, of a process and of all its children that have ended and were waited for
 * (proc(5), stat fields 14 to 17). The kernel keeps nanoseconds and rounds when it is asked, so the difference of two
 * readings is off by at most two ticks per field, however short-lived the children were.
 */
export function cpuOf(pid: number | 'self'): { readonly own: number; readonly children: number } {
  // The name of the program stands in parentheses and may hold anything.
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').replace(/^.*\) /s, '').split(' ').map(Number);
  const [user = NaN, system = NaN, childUser = NaN, childSystem = NaN] = fields.slice(11, 15);
  return { own: (user + system) * TICK_MS, children: (childUser + childSystem) * TICK_MS };
}

/** The CPU time that a process with its children uses from now on. */
export class CpuMeter {
  readonly #pid: number;
  readonly #start: number;

  constructor(pid: number) {
    this.#pid = pid;
    this.#start = CpuMeter.#total(pid);
  }

  /** Milliseconds since the meter was made. */
  used(): number {
    return CpuMeter.#total(this.#pid) - this.#start;
  }

  static #total(pid: number): number {
    const { own, children } = cpuOf(pid);
    return own + children;
  }
}
