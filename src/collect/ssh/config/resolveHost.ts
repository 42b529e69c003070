import { join } from 'node:path';
import { english, msg } from '../../../core/message.js';
import { TransportError } from '../../transport.js';
import type { StrictHostKeyChecking } from '../hostKeyPolicy.js';
import { matchPatternList } from '../pattern.js';
import type { SshMachine } from '../types.js';
import { activeDirectives, type ConfigSource, type MatchContext } from './directives.js';
import { optionName, optionRefused } from './options.js';
import { expandHome, expandTokens, expandVariables, type Tokens } from './tokens.js';

/** Ways to prove who the user is that are tried here. */
export type AuthMethod = 'publickey' | 'keyboard-interactive' | 'password';
const AUTH_METHODS: readonly AuthMethod[] = ['publickey', 'keyboard-interactive', 'password'];

/** Where and how to connect, after the configuration and what the person gave were put together. */
export interface ResolvedHost {
  /** The name as the person gave it; used in every sentence for people. */
  readonly alias: string;
  readonly hostName: string;
  readonly port: number;
  readonly user: string;
  readonly family: 'any' | 'ipv4' | 'ipv6';
  /** Key files that the configuration names, in order; empty when the default ones are to be tried. */
  readonly identityFiles: readonly string[];
  /** Key files that are tried when the configuration names none. */
  readonly defaultIdentityFiles: readonly string[];
  readonly identitiesOnly: boolean;
  readonly agentSocket: string | undefined;
  readonly knownHostsFiles: readonly string[];
  readonly hostKeyAlias: string | undefined;
  readonly strictHostKeyChecking: StrictHostKeyChecking;
  /** Methods to try, in order. */
  readonly methods: readonly AuthMethod[];
  readonly passwordPrompts: number;
  /** `BatchMode yes`: nobody is asked anything. */
  readonly batchMode: boolean;
  readonly connectTimeoutMs: number;
  readonly keepAliveMs: number;
  readonly keepAliveCount: number;
}

/** What the person gave; each outranks the configuration. */
export interface HostWish {
  readonly host: string;
  readonly user?: string;
  readonly port?: number;
}

const CONNECT_TIMEOUT_S = 15;
const KEEP_ALIVE_S = 15;
const KEEP_ALIVE_COUNT = 3;
const PASSWORD_PROMPTS = 3;
/** The order of ssh(1) among the types that can be used without extra hardware support. */
const DEFAULT_KEYS = ['id_ed25519', 'id_ecdsa', 'id_rsa'];
const SYSTEM_KNOWN_HOSTS = ['/etc/ssh/ssh_known_hosts', '/etc/ssh/ssh_known_hosts2'];

/** The files that ssh(1) reads, the user's first. */
export function configSources(machine: SshMachine): ConfigSource[] {
  const folder = join(machine.home, '.ssh');
  return [
    { path: join(folder, 'config'), folder },
    { path: '/etc/ssh/ssh_config', folder: '/etc/ssh' },
  ];
}

/** Values by option, the first one of each, except `IdentityFile`, of which all count. */
class Settings {
  readonly first = new Map<string, readonly string[]>();
  readonly identityFiles: string[] = [];

  take(name: string, values: readonly string[]): void {
    if (name === 'identityfile') {
      for (const file of values) if (!this.identityFiles.includes(file)) this.identityFiles.push(file);
      return;
    }
    // Whichever of the two comes first switches the other off (readconf.c, parse_jump and oProxyCommand).
    if (name === 'proxyjump' && this.first.has('proxycommand')) return;
    if (name === 'proxycommand' && this.first.has('proxyjump')) return;
    if (!this.first.has(name)) this.first.set(name, values);
  }

  word(name: string): string | undefined {
    return this.first.get(name)?.[0];
  }
}

/**
 * Reads the configuration for one host. Rejects with `unsupported` when it asks for something that is not done here,
 * naming the option: to ignore it could reach another machine.
 */
export async function resolveHost(
  wish: HostWish,
  machine: SshMachine,
  sources: readonly ConfigSource[] = configSources(machine),
): Promise<ResolvedHost> {
  checkName(wish);
  const settings = await readSettings(wish, machine, sources);
  refuseUnsupported(wish.host, settings);
  return resolve(wish, machine, settings);
}

function checkName(wish: HostWish): void {
  // A name that looks like an option must never reach a program's command line, and no real host begins with one.
  const bad = (name: string): boolean => name === '' || name.startsWith('-') || /[\s\p{Cc}]/u.test(name);
  if (bad(wish.host)) {
    throw new TransportError('unsupported', english(msg('"{0}" is not a host name.', printable(wish.host))));
  }
  if (wish.user !== undefined && bad(wish.user)) {
    throw new TransportError('unsupported', english(msg('"{0}" is not a user name.', printable(wish.user))));
  }
  if (wish.port !== undefined && !isPort(wish.port)) {
    throw new TransportError('unsupported', english(msg('{0} is not a port number (1 to 65535).', wish.port)));
  }
}

async function readSettings(wish: HostWish, machine: SshMachine, sources: readonly ConfigSource[]): Promise<Settings> {
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
    hostName: () => hostNameOf(wish.host, settings),
    user: () => settings.word('user') ?? machine.userName,
  });
  const pass = async (matching: MatchContext): Promise<void> => {
    for (const source of sources) {
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
  return settings;
}

function refuseUnsupported(host: string, settings: Settings): void {
  const ignored = settings.first.get('ignoreunknown')?.flatMap((words) => words.split(',')) ?? [];
  for (const [name, values] of settings.first) {
    if (!optionRefused(name, values)) continue;
    if (optionName(name) === name && matchPatternList(name, ignored.map((pattern) => pattern.toLowerCase()))) continue;
    throw new TransportError(
      'unsupported',
      english(msg('The SSH configuration of {0} uses {1}, which is not supported here.', host, optionName(name))),
      english(msg('Open the host with Remote - SSH instead; it is then looked at as the local machine.')),
    );
  }
}

function resolve(wish: HostWish, machine: SshMachine, settings: Settings): ResolvedHost {
  const alias = wish.host;
  const hostName = hostNameOf(alias, settings);
  const user = settings.word('user') ?? machine.userName;
  const port = Number(settings.word('port') ?? 22);
  if (!isPort(port)) throw badValue(alias, 'Port', settings.word('port'));
  if (user === '' || /[\p{Cc}]/u.test(user)) throw badValue(alias, 'User', user);
  const tokens: Tokens = new Map([
    ['d', machine.home],
    ['h', hostName],
    ['n', alias],
    ['p', String(port)],
    ['r', user],
    ['u', machine.userName],
  ]);
  const path = (option: string, text: string): string => {
    const variables = expandVariables(text, machine.env);
    const expanded = 'text' in variables ? expandTokens(variables.text, tokens) : variables;
    if ('unknown' in expanded) throw badValue(alias, option, text);
    return expandHome(expanded.text, machine.home);
  };
  const paths = (option: string, texts: readonly string[]): string[] =>
    texts.some((text) => text.toLowerCase() === 'none') ? [] : texts.map((text) => path(option, text));
  const ssh = join(machine.home, '.ssh');
  const userKnown = settings.first.get('userknownhostsfile');
  const systemKnown = settings.first.get('globalknownhostsfile');
  const numberOf = (option: string, otherwise: number): number => {
    const text = settings.word(option.toLowerCase());
    if (text === undefined || text.toLowerCase() === 'none') return otherwise;
    const seconds = timeInSeconds(text);
    if (seconds === undefined) throw badValue(alias, option, text);
    return seconds;
  };
  const identityFiles = settings.identityFiles.filter((file) => file.toLowerCase() !== 'none');
  return {
    alias,
    hostName,
    port,
    user,
    family: familyOf(alias, settings.word('addressfamily')),
    identityFiles: identityFiles.map((file) => path('IdentityFile', file)),
    defaultIdentityFiles: settings.identityFiles.length === 0 ? DEFAULT_KEYS.map((name) => join(ssh, name)) : [],
    identitiesOnly: isYes(settings.word('identitiesonly')),
    agentSocket: agentOf(settings.word('identityagent'), machine, (text) => path('IdentityAgent', text)),
    knownHostsFiles: [
      ...(userKnown === undefined
        ? [join(ssh, 'known_hosts'), join(ssh, 'known_hosts2')]
        : paths('UserKnownHostsFile', userKnown)),
      ...(systemKnown === undefined ? SYSTEM_KNOWN_HOSTS : paths('GlobalKnownHostsFile', systemKnown)),
    ],
    hostKeyAlias: settings.word('hostkeyalias')?.toLowerCase(),
    strictHostKeyChecking: strictOf(alias, settings.word('stricthostkeychecking')),
    methods: methodsOf(settings),
    passwordPrompts: Math.min(numberOf('NumberOfPasswordPrompts', PASSWORD_PROMPTS), PASSWORD_PROMPTS),
    batchMode: isYes(settings.word('batchmode')),
    connectTimeoutMs: 1000 * (numberOf('ConnectTimeout', CONNECT_TIMEOUT_S) || CONNECT_TIMEOUT_S),
    keepAliveMs: 1000 * (numberOf('ServerAliveInterval', KEEP_ALIVE_S) || KEEP_ALIVE_S),
    keepAliveCount: numberOf('ServerAliveCountMax', KEEP_ALIVE_COUNT),
  };
}

function hostNameOf(alias: string, settings: Settings): string {
  const expanded = expandTokens(settings.word('hostname') ?? '%h', new Map([['h', alias]]));
  if ('unknown' in expanded) throw badValue(alias, 'HostName', settings.word('hostname'));
  if (expanded.text === '' || expanded.text.startsWith('-') || /[\s\p{Cc}]/u.test(expanded.text)) {
    throw badValue(alias, 'HostName', expanded.text);
  }
  return expanded.text;
}

function methodsOf(settings: Settings): AuthMethod[] {
  const off = new Set<string>();
  if (isNo(settings.word('pubkeyauthentication'))) off.add('publickey');
  if (isNo(settings.word('passwordauthentication'))) off.add('password');
  if (isNo(settings.word('kbdinteractiveauthentication') ?? settings.word('challengeresponseauthentication'))) {
    off.add('keyboard-interactive');
  }
  const preferred = settings.word('preferredauthentications')?.split(',').map((word) => word.trim());
  const allowed = AUTH_METHODS.filter((method) => !off.has(method));
  if (preferred === undefined) return allowed;
  return preferred.flatMap((word) => allowed.filter((method) => method === word));
}

/** `IdentityAgent`: `none`, `SSH_AUTH_SOCK`, `$NAME`, or a path (ssh_config(5)). */
function agentOf(text: string | undefined, machine: SshMachine, path: (text: string) => string): string | undefined {
  if (text === undefined || text === 'SSH_AUTH_SOCK') return machine.agentSocket;
  if (text.toLowerCase() === 'none') return undefined;
  if (/^\$[A-Za-z_][A-Za-z0-9_]*$/.test(text)) return machine.env.get(text.slice(1));
  return path(text);
}

function strictOf(alias: string, text: string | undefined): StrictHostKeyChecking {
  switch (text?.toLowerCase()) {
    case undefined:
    case 'ask':
      return 'ask';
    case 'yes':
    case 'true':
      return 'yes';
    case 'accept-new':
      return 'accept-new';
    case 'no':
    case 'off':
    case 'false':
      return 'no';
    default:
      throw badValue(alias, 'StrictHostKeyChecking', text);
  }
}

function familyOf(alias: string, text: string | undefined): ResolvedHost['family'] {
  switch (text?.toLowerCase()) {
    case undefined:
    case 'any':
      return 'any';
    case 'inet':
      return 'ipv4';
    case 'inet6':
      return 'ipv6';
    default:
      throw badValue(alias, 'AddressFamily', text);
  }
}

/** A time of sshd_config(5), TIME FORMATS: `90`, `1m30s`. */
function timeInSeconds(text: string): number | undefined {
  if (!/^(\d{1,6}[smhdw]?)+$/i.test(text)) return undefined;
  const units = new Map([['s', 1], ['m', 60], ['h', 3600], ['d', 86_400], ['w', 604_800]]);
  let total = 0;
  for (const [, digits, unit] of text.matchAll(/(\d+)([smhdw]?)/gi)) {
    total += Number(digits) * (units.get((unit ?? '').toLowerCase()) ?? 1);
  }
  return Math.min(total, 86_400);
}

function isPort(value: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= 65_535;
}

function isYes(text: string | undefined): boolean {
  return text !== undefined && /^(yes|true)$/i.test(text);
}

function isNo(text: string | undefined): boolean {
  return text !== undefined && /^(no|false)$/i.test(text);
}

function badValue(alias: string, option: string, value: string | undefined): TransportError {
  return new TransportError(
    'unsupported',
    english(msg('The SSH configuration of {0} has a {1} that is not supported here: "{2}".', alias, option, printable(value ?? ''))),
    english(msg('Check it with "ssh -G HOST".')),
  );
}

function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, '?').slice(0, 200);
}
