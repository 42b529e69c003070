import type { Recording } from '../types.js';
import type { Pseudonyms } from './pseudonyms.js';

/** Accounts and hosts that every system has: they say nothing. */
const EVERYWHERE = new Set(['root', 'nobody', 'daemon', 'localhost', 'localdomain', 'user', 'users', 'home', 'admin', 'ubuntu', 'debian', 'local', 'internal']);

/** Words that programs print and parsers look for: a host may be called so, but its name is not replaced within texts. */
const WORDS = new Set([
  'listen', 'estab', 'state', 'tcp', 'udp', 'raw', 'icmp', 'inet', 'inet6', 'ipv4', 'ipv6', 'default', 'root', 'qdisc', 'mtu', 'dev', 'via', 'src', 'dst', 'proto',
  'link', 'scope', 'host', 'global', 'drop', 'dropped', 'accept', 'reject', 'counter', 'packets', 'bytes', 'policy', 'chain', 'table', 'rule', 'hook', 'failed',
  'incomplete', 'permanent', 'reachable', 'stale', 'kernel', 'local', 'unreachable', 'blackhole', 'prohibit', 'throw', 'lookup', 'from', 'type', 'filter', 'input',
  'output', 'forward', 'overlimits', 'requeues', 'backlog', 'sent', 'limit', 'users', 'pid', 'tool', 'absent', 'denied',
]);

/** Top-level domains by which a name with dots is taken for that of a host, and not of a file or a setting. */
const DOMAINS = '(?:com|net|org|edu|gov|mil|int|info|biz|io|dev|app|cloud|local|internal|lan|corp|home|intra|intranet|test|example|invalid|arpa|eu|de|uk|us|fr|nl|ch|at|it|es|se|no|fi|dk|pl|cz|jp|cn|in|br|au|ca|ru|kr|tv|me)';
const HOST_NAME = new RegExp(String.raw`(?<![A-Za-z0-9_.-])(?:[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,62}))(?:\.[A-Za-z0-9_-]{1,63}){0,6}\.${DOMAINS}(?![A-Za-z0-9_-])(?!\.[A-Za-z0-9])`, 'gi');

/** Which names are to be replaced in texts, the longest first, each with what takes its place. */
export type Names = readonly (readonly [name: RegExp, instead: string])[];

/** Finds the names of the host and of people in a recording. */
export function namesIn(recording: Recording, pseudonyms: Pseudonyms): Names {
  const { user, host } = addressOf(recording.header.target);
  const hosts = new Set([recording.header.host.name, host].flatMap((name) => (name === undefined ? [] : [name])));
  const found = new Map<string, string>();
  const interfaces = interfacesOf(recording);
  for (const name of hosts) {
    // An address is none of the names, and has a pseudonym of its own.
    if (/^[\d.]+$|:/.test(name)) continue;
    const [short = '', ...domain] = name.split('.');
    if (domain.length > 1) found.set(domain.join('.'), `${pseudonyms.name('domain', domain.join('.'))}.invalid`);
    if (isReplaceable(short, interfaces)) found.set(short, pseudonyms.name('host', short));
  }
  const texts = recording.commands.map(({ output }) => output).join('\n');
  const people = [...texts.matchAll(/(?:\/home\/|\/Users\/|\buid=\d{1,10}\(|\b(?:USER|LOGNAME|user|for user|Accepted \w+ for)[= ])([A-Za-z_][A-Za-z0-9_.-]{1,31})/g)].map(([, name]) => name ?? '');
  for (const name of [...(user === undefined ? [] : [user]), ...people]) {
    if (isReplaceable(name, interfaces) && !found.has(name)) found.set(name, pseudonyms.name('user', name));
  }
  return [...found].toSorted(([a], [b]) => b.length - a.length).map(([name, instead]) => [patternOf(name), instead]);
}

/** A text without those names, nor others that are by their form names of hosts when `dns`. */
export function withoutNames(text: string, names: Names, pseudonyms: Pseudonyms, dns: boolean): string {
  const known = names.reduce((rest, [name, instead]) => rest.replace(name, instead), text);
  if (!dns) return known;
  return known.replace(HOST_NAME, (name) => (/\.invalid$|(?:in-addr|ip6)\.arpa$/i.test(name) ? name : `${pseudonyms.name('name', name)}.invalid`));
}

/** A target's URI with a pseudonym for its user and its host. */
export function withoutTarget(target: string, pseudonyms: Pseudonyms, address: (text: string) => string): string {
  return target.replace(/^ssh:\/\/(?:([^@/]*)@)?(\[[^\]]*\]|[^:/]*)/, (_whole, user: string | undefined, host: string) => {
    const shown = /^[\d.]+$|^\[/.test(host) ? address(host) : hostName(host, pseudonyms);
    return `ssh://${user === undefined ? '' : `${user === 'root' ? user : pseudonyms.name('user', user)}@`}${shown}`;
  });
}

/** The pseudonym of a host's whole name, in its parts. */
export function hostName(name: string, pseudonyms: Pseudonyms): string {
  const [short = '', ...domain] = name.split('.');
  const own = EVERYWHERE.has(short.toLowerCase()) ? short : pseudonyms.name('host', short);
  if (domain.length === 0) return own;
  return `${own}.${domain.length > 1 ? `${pseudonyms.name('domain', domain.join('.'))}.invalid` : domain.join('.')}`;
}

function addressOf(target: string): { readonly user: string | undefined; readonly host: string | undefined } {
  const [, user, host] = /^ssh:\/\/(?:([^@/]*)@)?([^:/[\]]*)/.exec(target) ?? [];
  return { user, host: host === '' ? undefined : host };
}

function interfacesOf({ answers }: Recording): ReadonlySet<string> {
  const lists = answers.flatMap(({ parts }) => parts.filter(({ name }) => name === 'files').map(({ text }) => text));
  return new Set(lists.flatMap((text) => [...text.matchAll(/^ *([^\s:]{1,15}):(?: +\d+){16}/gm)].map(([, name]) => name ?? '')));
}

function isReplaceable(name: string, interfaces: ReadonlySet<string>): boolean {
  return name.length >= 3 && !interfaces.has(name) && !EVERYWHERE.has(name.toLowerCase()) && !WORDS.has(name.toLowerCase()) && !/^\d+$/.test(name);
}

function patternOf(name: string): RegExp {
  const escaped = name.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');
  // A plain word may be one of a program's too, in other letters.
  return new RegExp(`(?<![A-Za-z0-9])${escaped}(?![A-Za-z0-9])`, /[\d.-]/.test(name) ? 'gi' : 'g');
}
