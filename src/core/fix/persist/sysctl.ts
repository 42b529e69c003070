import { msg, type Message } from '../../message.js';
import type { Setting } from '../types.js';
import { appended, comment, linesOf, replaced } from './lines.js';
import type { Author, HostFacts, HostFile, Kept, Means, Wanted, Ways } from './types.js';

type Sysctl = Extract<Setting, { kind: 'sysctl' }>;

const OURS = '/etc/sysctl.d';

/** A file takes the place of one of its name in a later folder (sysctl.d(5), CONFIGURATION DIRECTORIES AND PRECEDENCE). */
const FOLDERS: readonly string[] = [OURS, '/run/sysctl.d', '/usr/local/lib/sysctl.d', '/usr/lib/sysctl.d', '/lib/sysctl.d'];

/** `sysctl --system` reads it after all others (sysctl(8)); systemd-sysctl only where a link in sysctl.d leads to it. */
const LAST = '/etc/sysctl.conf';

/** Files are read in the order of their names, and the last word stands: ours is after any that is usual. */
const NAMES: readonly string[] = ['99-zz-droplens.conf', 'zz-droplens.conf', 'zzzz-droplens.conf'];

export const SYSCTL_WANTED: Omit<Wanted, 'links'> = {
  files: [LAST],
  folders: FOLDERS.map((path) => ({ path, suffix: '.conf' })),
  present: ['/run/systemd/system', '/run/openrc', '/etc/runlevels/boot/sysctl'],
  writable: ['/etc', OURS],
  programs: [],
};

interface Assignment {
  readonly line: number;
  /** Below /proc/sys; may be a pattern. */
  readonly path: string;
  readonly value: string;
}

interface Setter extends Assignment {
  readonly file: HostFile;
}

/** Ways to have a sysctl set at boot: a file of ours in sysctl.d, and the line of the host's own where there is one. */
export function sysctlWays(kept: Kept, setting: Sysctl, facts: HostFacts, author: Author): Ways {
  const key = keyOf(setting.path);
  if (key === undefined) return { kind: 'refused', why: msg('The name {0} cannot be written into a sysctl.d file.', setting.path) };
  const value = kept.state;
  const lines = [comment(author, kept), `${key} = ${value}`];
  const edit = (text: string | null): string => {
    const last = assignments(text ?? '').findLast(({ path }) => path === setting.path);
    if (last === undefined) return appended(text, lines);
    return last.value === value ? (text ?? '') : replaced(text, last.line, lines);
  };
  const setters = settersOf(setting.path, facts);
  const winner = setters.at(-1);
  if (winner?.value === value && winner.path === setting.path) {
    return { kind: 'refused', why: msg('{0} sets {1} to {2} already.', winner.file.path, kept.name, value) };
  }
  const common = [...loaders(facts), ...circumstances(setting)];
  const ways: Means[] = [];
  // Where the host keeps it already is where its people look for it.
  const theirs = setters.findLast(({ file, path }) => file.real.startsWith('/etc/') && path === setting.path && file.text !== null);
  if (theirs !== undefined && (theirs === winner || NAMES.includes(baseName(theirs.file.path))) && isWritable(theirs.file.real, facts)) {
    const means = theirs.file.real === LAST ? 'sysctl.conf' : 'sysctl.d';
    ways.push({ means, path: theirs.file.real, edit, notes: [msg('It is set there to {0}.', theirs.value), ...common] });
  }
  const others = setters.filter(({ file }) => file.path !== LAST || file.real !== LAST);
  const name = NAMES.find((one) => others.every(({ file }) => baseName(file.path) <= one));
  const path = `${OURS}/${name ?? ''}`;
  if (name !== undefined && facts.writable.has(OURS) && facts.files.get(path)?.text !== null && !ways.some((way) => way.path === path)) {
    const before = [...new Set([...setters, ...settersIn(facts.files.get(LAST), setting.path)])].filter(({ file }) => file.path !== path && !(file.path !== LAST && file.real === LAST)).map(otherSetter);
    ways.push({ means: 'sysctl.d', path, edit, notes: [...before, ...common] });
  }
  if (ways.length > 0) return { kind: 'ways', ways };
  if (!facts.writable.has(OURS)) return { kind: 'refused', why: msg('{0} cannot be written: it is read-only.', OURS), how: msg('Set {0} where the image of this host is made.', kept.name) };
  return { kind: 'refused', why: msg('{0} sets {1} to {2}, and is read after any file that could be added.', winner?.file.path ?? LAST, kept.name, winner?.value ?? '') };
}

/** Dots between the parts, slashes where a part has a dot of its own; `undefined` for what the format would not take literally. */
function keyOf(path: string): string | undefined {
  if (!/^[\w./@:+,~%-]+$/.test(path)) return undefined;
  return path.includes('.') ? path : path.replaceAll('/', '.');
}

/** Lines `key = value`; comments begin with `#` or `;`, a minus before the key lets it fail (sysctl.d(5)). */
export function assignments(text: string): readonly Assignment[] {
  return linesOf(text).flatMap((raw, line) => {
    const [, key = '', value = ''] = /^\s*-?\s*([^#;=\s-][^=]*?)\s*=\s*(.*?)\s*$/.exec(raw) ?? [];
    return key === '' ? [] : [{ line, path: pathOf(key), value: value.split(/\s+/).join(' ') }];
  });
}

/** If the first separator is a dot, dots and slashes change their places (sysctl.d(5)). */
function pathOf(key: string): string {
  const separator = /[./]/.exec(key)?.[0];
  if (separator !== '.') return key;
  return key.replace(/[./]/g, (mark) => (mark === '.' ? '/' : '.'));
}

/** Who sets a key, the one whose word stands last. */
function settersOf(path: string, { files, present }: HostFacts): readonly Setter[] {
  const byName = new Map<string, HostFile>();
  for (const folder of FOLDERS) {
    for (const file of files.values()) {
      const name = baseName(file.path);
      if (file.path === `${folder}/${name}` && !byName.has(name)) byName.set(name, file);
    }
  }
  const ordered = [...byName].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, file]) => file);
  const last = files.get(LAST);
  // systemd-sysctl reads it only where a link leads to it.
  const isRead = last !== undefined && (!present.has('/run/systemd/system') || ordered.some(({ real }) => real === last.real));
  const setters = [...ordered, ...(isRead ? [last] : [])].flatMap((file) => settersIn(file, path));
  // A key that is named itself is no longer a pattern's.
  const named = setters.filter((one) => one.path === path);
  return named.length > 0 ? named : setters;
}

const settersIn = (file: HostFile | undefined, path: string): readonly Setter[] =>
  file === undefined ? [] : assignments(file.text ?? '').filter((one) => one.path === path || matches(one.path, path)).map((one) => ({ ...one, file }));

/** Patterns of glob(7), in which a star stays within one part of the path. */
function matches(pattern: string, path: string): boolean {
  if (!/[*?[]/.test(pattern)) return false;
  const source = pattern.replace(/[.+^${}()|\\]/g, '\\$&').replaceAll('*', '[^/]*').replaceAll('?', '[^/]').replaceAll('[!', '[^');
  try {
    return new RegExp(`^${source}$`).test(path);
  } catch {
    // A bracket that does not close is a plain character, which no sysctl has.
    return false;
  }
}

function otherSetter({ file, value }: Setter): Message {
  if (file.path === LAST) return msg('{0} sets it to {1}; “sysctl --system” reads that file last and would bring this value back.', LAST, value);
  return msg('{0} sets it to {1}; this file is read later and wins.', file.path, value);
}

function loaders({ present }: HostFacts): readonly Message[] {
  if (present.has('/run/systemd/system')) return [msg('systemd-sysctl loads it at boot. The running value is set already.')];
  if (present.has('/etc/runlevels/boot/sysctl')) return [msg('The service sysctl of OpenRC loads it at boot. The running value is set already.')];
  return [msg('No service was found that loads it at boot: have “sysctl --system” run there.')];
}

/** Keys that are not there when sysctl.d is read early at boot. */
function circumstances({ path }: Sysctl): readonly Message[] {
  if (/^net\/(?:netfilter\/|nf_conntrack)/.test(path)) {
    return [msg('It exists only once the module {0} is loaded: where that happens later at boot, name the module in a file of /etc/modules-load.d.', 'nf_conntrack')];
  }
  if (path.startsWith('net/bridge/')) {
    return [msg('It exists only once the module {0} is loaded: where that happens later at boot, name the module in a file of /etc/modules-load.d.', 'br_netfilter')];
  }
  const dev = /^net\/ipv[46]\/(?:conf|neigh)\/([^/]+)\//.exec(path)?.[1];
  if (dev !== undefined && dev !== 'all' && dev !== 'default') return [msg('It is set when {0} appears; without systemd, {0} must exist when the file is read.', dev)];
  return [];
}

export const baseName = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

/** Whether a file's folder is one in which files can be written. */
export function isWritable(path: string, { writable }: HostFacts): boolean {
  return writable.has(path.slice(0, path.lastIndexOf('/')) || '/');
}
