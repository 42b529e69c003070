import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startSshd, type TestSshd, type TestSshdOptions } from './sshd.js';

export interface AccountOptions extends TestSshdOptions {
  /** Path of the login shell; `$1` is the server's private folder. */
  readonly shell: string;
  /** Start-up files in the account's home, by name. */
  readonly files?: Readonly<Record<string, string>>;
}

/**
 * A real sshd for whose sessions root has another login shell and another home, as /etc/passwd says in a mount namespace
 * of the server's own. The machine's passwd is not touched. Needs root.
 */
export async function startSshdWithAccount({ shell, files, mounts, ...options }: AccountOptions): Promise<TestSshd> {
  const sshd = await startSshd({
    ...options,
    mounts: `
      mkdir -p "$1/account"
      ln -s "$(command -v busybox)" "$1/ash"
      sed "s|^root:.*|root:x:0:0:root:$1/account:${shell}|" /etc/passwd >"$1/passwd"
      mount --bind "$1/passwd" /etc/passwd
      ${mounts ?? ''}`,
  });
  for (const [name, text] of Object.entries(files ?? {})) {
    const file = join(sshd.folder, 'account', name);
    await mkdir(join(file, '..'), { recursive: true });
    await writeFile(file, text);
  }
  return sshd;
}

/** The login shells with which everything is tried, and where sshd finds them. */
export const LOGIN_SHELLS = [
  ['dash', '/bin/dash'],
  ['bash', '/bin/bash'],
  ['rbash', '/bin/rbash'],
  ['busybox ash', '$1/ash'],
  ['fish', '/usr/bin/fish'],
  ['csh', '/bin/bsd-csh'],
  ['tcsh', '/bin/tcsh'],
  ['zsh', '/bin/zsh'],
] as const;

/** Start-up files of all of them; each says `text`, which may be a command's. */
export function startUpFiles(before: string, csh = before, fish = before): Readonly<Record<string, string>> {
  return {
    '.bashrc': `${before}\n`,
    '.profile': `${before}\n`,
    '.zshenv': `${before}\n`,
    '.cshrc': `${csh}\n`,
    '.tcshrc': `${csh}\n`,
    '.config/fish/config.fish': `${fish}\n`,
  };
}
