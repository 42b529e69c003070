import { join } from 'node:path';
import { english, msg } from '../../../core/message.js';
import { TransportError } from '../../transport.js';
import type { StrictHostKeyChecking } from '../hostKeyPolicy.js';
import type { SshMachine } from '../types.js';
import { allowedOf, CIPHERS, HOST_KEY_ALGORITHMS, KEX_ALGORITHMS, MACS, onlyOldHostKeys } from './algorithmLists.js';
import { badValue, isPort } from './hostNames.js';
import { parseJumps } from './jumps.js';
import type { LocalAccount } from './localAccount.js';
import { onlySystemObeys, optionName } from './options.js';
import { hostNameOf } from './ownWalk.js';
import type { AuthMethod, ProxyWay, ResolvedHost } from './resolvedHost.js';
import type { Settings } from './settings.js';
import { expandHome, expandTokens, expandVariables, pathTokens } from './tokens.js';

/** Where the settings come from: `ssh -G`, which has expanded some values already, or the files as they are written. */
export type SettingsFrom = 'ssh' | 'files';

const AUTH_METHODS: readonly AuthMethod[] = ['publickey', 'keyboard-interactive', 'password'];
const CONNECT_TIMEOUT_S = 15;
const KEEP_ALIVE_S = 15;
const KEEP_ALIVE_COUNT = 3;
const PASSWORD_PROMPTS = 3;
/** The order of ssh(1) among the types that can be used without extra hardware support. */
const DEFAULT_KEYS = ['id_ed25519', 'id_ecdsa', 'id_rsa'];
/** What ssh -G prints where no key is configured, in any version's order. */
const PRINTED_DEFAULT = /^~[/\\]\.ssh[/\\]id_(?:rsa|dsa|ecdsa|ecdsa_sk|ed25519|ed25519_sk|xmss)$/;
const SYSTEM_KNOWN_HOSTS = ['/etc/ssh/ssh_known_hosts', '/etc/ssh/ssh_known_hosts2'];

/** Makes a host of its settings. Throws `unsupported` for a value that is not understood, naming the option. */
export function interpret(
  alias: string,
  settings: Settings,
  machine: SshMachine,
  account: LocalAccount,
  from: SettingsFrom,
): ResolvedHost {
  const hostName = hostNameOf(alias, settings);
  const user = settings.word('user') ?? machine.userName;
  const port = Number(settings.word('port') ?? 22);
  if (!isPort(port)) throw badValue(alias, 'Port', settings.word('port'));
  if (user === '' || /[\p{Cc}]/u.test(user)) throw badValue(alias, 'User', user);
  const hostKeyAlias = settings.word('hostkeyalias')?.toLowerCase();
  const proxy = proxyOf(alias, settings);
  const tokens = pathTokens({
    alias,
    hostName,
    port,
    user,
    hostKeyAlias,
    jumps: proxy.kind === 'jump' ? (settings.first.get('proxyjump') ?? []).join(' ') : '',
    home: machine.home,
    localUser: machine.userName,
    localHostName: account.hostName,
    userId: account.userId,
  });
  const path = (option: string, text: string): string => {
    const variables = expandVariables(text, machine.env);
    const expanded = 'text' in variables ? expandTokens(variables.text, tokens) : variables;
    if ('unknown' in expanded) throw badValue(alias, option, text);
    return expandHome(expanded.text, machine.home);
  };
  // ssh -G prints these with their tokens expanded since 7.x or 8.x, and as they are written before: what does not
  // expand any more is the path itself.
  const printedPath = (option: string, text: string): string => {
    if (from === 'files') return path(option, text);
    const expanded = expandTokens(text, tokens);
    return expandHome('text' in expanded ? expanded.text : text, machine.home);
  };
  const recordFiles = (option: string, defaults: readonly string[]): string[] => {
    const texts = settings.first.get(option.toLowerCase());
    if (texts === undefined) return [...defaults];
    return texts.some(isNone) ? [] : texts.map((text) => printedPath(option, text));
  };
  const numberOf = (option: string, otherwise: number): number => {
    const text = settings.word(option.toLowerCase());
    if (text === undefined || isNone(text)) return otherwise;
    const seconds = timeInSeconds(text);
    if (seconds === undefined) throw badValue(alias, option, text);
    return seconds;
  };
  const ssh = join(machine.home, '.ssh');
  const named = settings.identityFiles;
  const configured = from === 'ssh' && named.length > 1 && named.every((file) => PRINTED_DEFAULT.test(file)) ? [] : named;
  const controlPath = settings.word('controlpath');
  const hostKeyList = settings.word('hostkeyalgorithms');
  if (onlyOldHostKeys(hostKeyList)) throw unsafeHostKeys(alias, hostKeyList ?? '');
  const algorithms = {
    hostKeyAlgorithms: allowedOf(hostKeyList, HOST_KEY_ALGORITHMS),
    kexAlgorithms: inOurOrder(allowedOf(settings.word('kexalgorithms'), KEX_ALGORITHMS), KEX_ALGORITHMS),
    ciphers: inOurOrder(allowedOf(settings.word('ciphers'), CIPHERS), CIPHERS),
    macs: inOurOrder(allowedOf(settings.word('macs'), MACS), MACS),
  };
  const methods = preferredMethods(settings);
  return {
    alias,
    hostName,
    port,
    user,
    family: familyOf(alias, settings.word('addressfamily')),
    identityFiles: configured.filter((file) => !isNone(file)).map((file) => path('IdentityFile', file)),
    defaultIdentityFiles: configured.length === 0 ? DEFAULT_KEYS.map((name) => join(ssh, name)) : [],
    certificateFiles: settings.certificateFiles.filter((file) => !isNone(file)).map((file) => path('CertificateFile', file)),
    identitiesOnly: isYes(settings.word('identitiesonly')),
    agentSocket: agentOf(settings.word('identityagent'), machine, (text) => path('IdentityAgent', text)),
    knownHostsFiles: [
      ...recordFiles('UserKnownHostsFile', [join(ssh, 'known_hosts'), join(ssh, 'known_hosts2')]),
      ...recordFiles('GlobalKnownHostsFile', SYSTEM_KNOWN_HOSTS),
    ],
    hostKeyAlias,
    ...algorithms,
    strictHostKeyChecking: strictOf(alias, settings.word('stricthostkeychecking')),
    methods: methods.ours,
    gssapi: !isYes(settings.word('gssapiauthentication')) ? 'off' : methods.gssapi,
    passwordPrompts: Math.min(numberOf('NumberOfPasswordPrompts', PASSWORD_PROMPTS), PASSWORD_PROMPTS),
    batchMode: isYes(settings.word('batchmode')),
    connectTimeoutMs: 1000 * (numberOf('ConnectTimeout', CONNECT_TIMEOUT_S) || CONNECT_TIMEOUT_S),
    keepAliveMs: 1000 * (numberOf('ServerAliveInterval', KEEP_ALIVE_S) || KEEP_ALIVE_S),
    keepAliveCount: numberOf('ServerAliveCountMax', KEEP_ALIVE_COUNT),
    proxy,
    controlPath: controlPath === undefined || isNone(controlPath) ? undefined : printedPath('ControlPath', controlPath),
    onlySystem: [
      ...onlySystem(settings, from, proxy),
      ...(algorithms.hostKeyAlgorithms.length === 0 ? ['HostKeyAlgorithms'] : []),
      ...(algorithms.kexAlgorithms.length === 0 ? ['KexAlgorithms'] : []),
      ...(algorithms.ciphers.length === 0 ? ['Ciphers'] : []),
      ...(algorithms.macs.length === 0 ? ['MACs'] : []),
    ],
    runs: programsOf(settings, proxy),
  };
}

function proxyOf(alias: string, settings: Settings): ProxyWay {
  const jump = settings.first.get('proxyjump')?.join(' ');
  if (jump !== undefined) {
    const jumps = parseJumps(jump);
    if (jumps === undefined) throw badValue(alias, 'ProxyJump', jump);
    if (jumps.length > 0) return { kind: 'jump', jumps };
  }
  const command = settings.word('proxycommand');
  return command === undefined || isNone(command) ? { kind: 'direct' } : { kind: 'command', command };
}

function onlySystem(settings: Settings, from: SettingsFrom, proxy: ProxyWay): string[] {
  const names: string[] = [];
  for (const [name, values] of settings.first) {
    if (!onlySystemObeys(name, values)) continue;
    // The name that ssh -G prints is the canonical one; and there is nothing to pass without a command.
    if (name === 'canonicalizehostname' && from === 'ssh') continue;
    if (name === 'proxyusefdpass' && proxy.kind !== 'command') continue;
    names.push(optionName(name));
  }
  return names.sort();
}

function programsOf(settings: Settings, proxy: ProxyWay): string[] {
  const set = (name: string): boolean => {
    const value = settings.word(name);
    return value !== undefined && !isNone(value);
  };
  const provider = settings.word('securitykeyprovider');
  return [
    ...(proxy.kind === 'command' ? ['ProxyCommand'] : []),
    ...(set('knownhostscommand') ? ['KnownHostsCommand'] : []),
    ...(set('pkcs11provider') ? ['PKCS11Provider'] : []),
    ...(provider !== undefined && provider !== 'internal' ? ['SecurityKeyProvider'] : []),
    ...(set('localcommand') && isYes(settings.word('permitlocalcommand')) ? ['LocalCommand'] : []),
  ];
}

/** Methods to try, and what the same options say about Kerberos. */
function preferredMethods(settings: Settings): { readonly ours: AuthMethod[]; readonly gssapi: 'off' | 'allowed' | 'wanted' } {
  const off = new Set<string>();
  if (isNo(settings.word('pubkeyauthentication'))) off.add('publickey');
  if (isNo(settings.word('passwordauthentication'))) off.add('password');
  if (isNo(settings.word('kbdinteractiveauthentication') ?? settings.word('challengeresponseauthentication'))) {
    off.add('keyboard-interactive');
  }
  const allowed = AUTH_METHODS.filter((method) => !off.has(method));
  const preferred = settings.word('preferredauthentications')?.split(',').map((word) => word.trim());
  if (preferred === undefined) return { ours: allowed, gssapi: 'allowed' };
  const gssapi = preferred[0]?.startsWith('gssapi') === true ? 'wanted' : preferred.some((word) => word.startsWith('gssapi')) ? 'allowed' : 'off';
  return { ours: preferred.flatMap((word) => allowed.filter((method) => method === word)), gssapi };
}

/** `IdentityAgent`: `none`, `SSH_AUTH_SOCK`, `$NAME`, or a path (ssh_config(5)). */
function agentOf(text: string | undefined, machine: SshMachine, path: (text: string) => string): string | undefined {
  if (text === undefined || text === 'SSH_AUTH_SOCK') return machine.agentSocket;
  if (isNone(text)) return undefined;
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

function isNone(text: string): boolean {
  return text.toLowerCase() === 'none';
}

function isYes(text: string | undefined): boolean {
  return text !== undefined && /^(yes|true)$/i.test(text);
}

function isNo(text: string | undefined): boolean {
  return text !== undefined && /^(no|false)$/i.test(text);
}

/** Our order of ciphers is that of their speed here, which is not that of OpenSSH. */
function inOurOrder<T>(allowed: readonly T[], ours: readonly T[]): T[] {
  return ours.filter((algorithm) => allowed.includes(algorithm));
}

function unsafeHostKeys(alias: string, value: string): TransportError {
  return new TransportError(
    'unsupported',
    english(msg('The SSH configuration of {0} allows only host key algorithms that are not safe: {1}.', alias, value.slice(0, 200))),
    english(msg('Give the host an ed25519 key (ssh-keygen -A on the host) and remove HostKeyAlgorithms.')),
  );
}
