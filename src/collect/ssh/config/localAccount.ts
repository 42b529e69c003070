import { hostname, userInfo } from 'node:os';

/** What the configuration's tokens may ask about this machine and the account that uses it. */
export interface LocalAccount {
  /** The home folder of the password database, which `ssh` uses whatever HOME says; `undefined` when there is none. */
  readonly home: string | undefined;
  /** `undefined` where accounts have no number. */
  readonly userId: number | undefined;
  /** Full name of this machine (`%l`). */
  readonly hostName: string;
}

/** The account that this process runs under. Never throws: an account without an entry has no home. */
export function thisAccount(): LocalAccount {
  try {
    const { homedir, uid } = userInfo();
    return { home: homedir, userId: uid < 0 ? undefined : uid, hostName: hostname() };
  } catch {
    return { home: undefined, userId: undefined, hostName: hostname() };
  }
}
