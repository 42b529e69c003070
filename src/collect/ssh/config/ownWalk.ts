import { english, msg } from '../../../core/message.js';
import { TransportError } from '../../transport.js';
import { matchPatternList } from '../pattern.js';
import type { SshMachine } from '../types.js';
import { activeDirectives, type MatchContext } from './directives.js';
import { badValue, canonicalName, type HostWish } from './hostNames.js';
import { isKnownOption } from './options.js';
import { Settings } from './settings.js';
import { configSources } from './sources.js';
import { expandTokens } from './tokens.js';

/** Why a `Match exec` cannot be decided. */
export type ExecRefusal = 'not-allowed' | 'no-ssh';

/**
 * Reads the configuration files for one host without any program: what `ssh -G` does, as far as it can be done without
 * running anything. Rejects with `unsupported` for a condition that cannot be decided.
 */
export async function readSettings(wish: HostWish, machine: SshMachine, exec: ExecRefusal): Promise<Settings> {
  const settings = new Settings();
  if (wish.user !== undefined) settings.take('user', [wish.user]);
  if (wish.port !== undefined) settings.take('port', [String(wish.port)]);
  let asksForFinal = false;
  const context = (host: string, final: boolean): MatchContext => ({
    alias: wish.host,
    host,
    localUser: machine.userName,
    get final() {
      asksForFinal = true;
      return final;
    },
    secondReading: final,
    hostName: () => hostNameOf(wish.host, settings),
    user: () => settings.word('user') ?? machine.userName,
    execRefused: () => execRefused(wish.host, exec),
  });
  const pass = async (matching: MatchContext): Promise<void> => {
    for (const source of configSources(machine)) {
      for await (const { name, values } of activeDirectives(source, machine.files, machine.home, matching)) {
        settings.take(name, values);
      }
    }
  };
  await pass(context(wish.host, false));
  if (asksForFinal) {
    // The name is settled before the second reading (ssh.c, "take it into use now").
    settings.take('hostname', ['%h']);
    await pass(context(hostNameOf(wish.host, settings), true));
  }
  dropIgnored(settings);
  return settings;
}

/** `IgnoreUnknown` excuses options that are not known (ssh_config(5)). */
function dropIgnored(settings: Settings): void {
  const patterns = settings.first.get('ignoreunknown')?.flatMap((words) => words.toLowerCase().split(',')) ?? [];
  for (const name of [...settings.first.keys()]) {
    if (!isKnownOption(name) && matchPatternList(name, patterns)) settings.first.delete(name);
  }
}

/** The name or address that an alias stands for, with `%h` expanded. */
export function hostNameOf(alias: string, settings: Settings): string {
  const written = settings.word('hostname') ?? '%h';
  const expanded = expandTokens(written, new Map([['h', alias]]));
  // ssh -G has expanded it already, and the zone of an IPv6 address keeps its sign (fe80::1%eth0).
  const name = 'text' in expanded ? expanded.text : /^[0-9a-f:.]+%[\w.-]+$/i.test(written) ? written : undefined;
  if (name === undefined || name === '' || name.startsWith('-') || /[\s\p{Cc}]/u.test(name)) {
    throw badValue(alias, 'HostName', written);
  }
  return canonicalName(name);
}

function execRefused(alias: string, why: ExecRefusal): TransportError {
  return new TransportError(
    'unsupported',
    english(msg('The SSH configuration of {0} uses "Match exec", which runs a program on this machine.', alias)),
    why === 'not-allowed'
      ? english(msg('Trust the workspace, and open the host yourself: the program is then run by ssh.'))
      : english(msg('Install the OpenSSH client (the program "ssh"), which runs it.')),
  );
}
