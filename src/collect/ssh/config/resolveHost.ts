import type { SshMachine } from '../types.js';
import { checkWish, type HostWish } from './hostNames.js';
import { interpret } from './interpret.js';
import { thisAccount, type LocalAccount } from './localAccount.js';
import { mayRunMatchExec } from './matchExec.js';
import { isKnownOption } from './options.js';
import { readSettings } from './ownWalk.js';
import type { ResolvedHost } from './resolvedHost.js';
import { runSshG } from './runSshG.js';
import type { Settings } from './settings.js';
import { parseSshG } from './sshG.js';

export type { HostWish } from './hostNames.js';
export type { AuthMethod, ResolvedHost } from './resolvedHost.js';

/** What a resolution may do. */
export interface ResolveOptions {
  readonly machine: SshMachine;
  /** Whether programs that the configuration names may be run: `Match exec` is, wherever ssh reads it. */
  readonly mayRunPrograms: boolean;
  readonly signal?: AbortSignal | undefined;
  readonly account?: LocalAccount;
}

/**
 * Finds out where and how to connect, as `ssh` itself sees it where there is one, otherwise by reading its files here.
 * Without `mayRunPrograms`, ssh is asked only when no file holds a `Match exec`.
 *
 * Rejects with `unsupported` for a name that is none, a value that is not understood, or a condition that cannot be
 * decided, naming it: to guess could reach another machine.
 */
export async function resolveHost(wish: HostWish, options: ResolveOptions): Promise<ResolvedHost> {
  const { machine } = options;
  checkWish(wish);
  const account = options.account ?? thisAccount();
  const printed = await askSsh(wish, options, account);
  if (printed !== undefined) return interpret(wish.host, printed, machine, account, 'ssh');
  const settings = await readSettings(wish, machine, options.mayRunPrograms ? 'no-ssh' : 'not-allowed');
  return interpret(wish.host, settings, machine, account, 'files');
}

async function askSsh(wish: HostWish, options: ResolveOptions, account: LocalAccount): Promise<Settings | undefined> {
  const { machine, mayRunPrograms, signal } = options;
  if (machine.sshProgram === undefined) return undefined;
  // ssh takes the home folder from the password database. Where HOME says otherwise, it would read other files.
  const sameHome = account.home === machine.home;
  if (!sameHome && (machine.configFile === undefined || !mayRunPrograms)) return undefined;
  if (!mayRunPrograms && (await mayRunMatchExec(machine))) return undefined;
  const text = await runSshG(machine.sshProgram, wish, machine, signal);
  if (text === undefined) return undefined;
  const settings = parseSshG(text);
  const strange = [...settings.first.keys()].filter((name) => !isKnownOption(name));
  if (strange.length > 0) await dropDefaults(strange, settings, machine, signal);
  return settings;
}

/** An option of an ssh that is newer than this program has no effect while it stands as that ssh has it by itself. */
async function dropDefaults(names: readonly string[], settings: Settings, machine: SshMachine, signal?: AbortSignal): Promise<void> {
  const bare: SshMachine = { ...machine, configFile: process.platform === 'win32' ? 'NUL' : '/dev/null' };
  const text = await runSshG(machine.sshProgram ?? 'ssh', { host: 'localhost' }, bare, signal);
  if (text === undefined) return;
  const defaults = parseSshG(text);
  for (const name of names) {
    if (defaults.first.get(name)?.join(' ') === settings.first.get(name)?.join(' ')) settings.first.delete(name);
  }
}
