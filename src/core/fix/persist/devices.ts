import { msg, type Message } from '../../message.js';
import { comment, isComment, linesOf, replaced, spliced, withBlock } from './lines.js';
import { baseName, isWritable } from './sysctl.js';
import type { Author, HostFacts, HostFile, Kept, Means, Wanted } from './types.js';

/** Folder of systemd-networkd's files that are the administrator's (systemd.network(5)). */
const NETWORKD = '/etc/systemd/network';
const UDEV = '/etc/udev/rules.d';
const UDEV_FILE = `${UDEV}/99-droplens.rules`;
const NETPLAN = '/etc/netplan';
const INTERFACES = '/etc/network/interfaces';

/** What tells how interfaces are configured. */
export const DEVICE_WANTED: Omit<Wanted, 'links'> = {
  files: [INTERFACES, UDEV_FILE],
  folders: [
    { path: '/etc/network/interfaces.d', suffix: '' },
    { path: NETPLAN, suffix: '.yaml' },
    { path: NETWORKD, suffix: '.network' },
    { path: '/run/systemd/network', suffix: '.network' },
  ],
  present: ['/run/udev', '/run/systemd/netif', '/run/NetworkManager'],
  writable: ['/etc', NETWORKD, UDEV, NETPLAN, '/etc/network', '/etc/network/interfaces.d', '/etc/NetworkManager/system-connections', '/etc/sysconfig/network-scripts'],
  programs: ['ip', 'tc', 'ethtool'],
};

/** Names that mean themselves in every file that is written here; others are legal and left to people. */
export const isPlainName = (dev: string): boolean => /^[A-Za-z0-9_.-]+$/.test(dev);

/** A drop-in beside the `.network` file that networkd applied; nothing where networkd does not manage the interface. */
export function networkd(kept: Kept, dev: string, option: { readonly section: string; readonly key: string; readonly value: string; readonly more?: readonly string[] }, facts: HostFacts, author: Author): Means | undefined {
  const file = facts.links.get(dev)?.networkFile;
  if (file === undefined || !facts.writable.has(NETWORKD) || !/^[\w./@-]+\.network$/.test(file)) return undefined;
  const path = `${NETWORKD}/${baseName(file)}.d/50-droplens.conf`;
  const block = [`[${option.section}]`, ...(option.more ?? []), `${option.key}=${option.value}`];
  return {
    means: 'systemd-networkd',
    path,
    edit: (text) => withBlock(text, comment(author, kept), block, `${option.key}=`),
    notes: [
      ...(matchesOnly(facts.files.get(file)?.text ?? '', dev) ? [] : [msg('It is for every interface that {0} matches.', file)]),
      msg('systemd-networkd reads it at boot. The running value is set already.'),
    ],
  };
}

/** Whether a `.network` file is for this interface alone. */
function matchesOnly(text: string, dev: string): boolean {
  return linesOf(text).some((line) => line.trim() === `Name=${dev}`);
}

/** Whether netplan made what manages the interface: what it made is made anew at every boot. */
export function isNetplan(dev: string, { links }: HostFacts): boolean {
  const link = links.get(dev);
  return [link?.networkFile, link?.connection?.path].some((path) => path !== undefined && path.startsWith('/run/') && /\/(?:\d+-)?netplan-/.test(path));
}

/** Kinds of definitions that take `mtu` (netplan's reference, "Properties for all device types"). */
const NETPLAN_KINDS = ['ethernets', 'bonds', 'bridges', 'vlans', 'tunnels', 'vrfs', 'dummy-devices', 'wifis', 'modems'];

/**
 * A file of ours beside netplan's: it amends a definition that stands in another, because netplan merges all files and
 * the later names win (netplan-generate(8)). The definition's name is a part of the name of what netplan made of it.
 */
export function netplan(kept: Kept, dev: string, facts: HostFacts, author: Author): Means | undefined {
  const made = baseName(facts.links.get(dev)?.networkFile ?? facts.links.get(dev)?.connection?.path ?? '');
  const id = /^(?:\d+-)?netplan-([\w.-]+?)\.(?:network|nmconnection)$/.exec(made)?.[1];
  if (id === undefined || !facts.writable.has(NETPLAN)) return undefined;
  const kind = [...facts.files.values()].filter(({ path }) => path.startsWith(`${NETPLAN}/`) && !baseName(path).startsWith('99-zz-droplens')).map(({ text }) => definedAs(text ?? '', id)).find((one) => one !== undefined);
  if (kind === undefined) return undefined;
  const line = `      mtu: ${kept.value}`;
  const lines = [comment(author, kept), 'network:', '  version: 2', `  ${kind}:`, `    ${id}:`, line];
  return {
    means: 'netplan',
    path: `${NETPLAN}/99-zz-droplens-${id}.yaml`,
    edit: (text) => withBlock(text, lines[0] ?? '', lines.slice(1), '      mtu: '),
    notes: [msg('netplan merges it with its other files at boot. The running value is set already.')],
  };
}

/** Under which kind a definition stands in a netplan file in block style; what is written otherwise is not understood. */
function definedAs(text: string, id: string): string | undefined {
  let kind: string | undefined;
  let depth = 0;
  for (const line of linesOf(text)) {
    const [, indent = '', name = ''] = /^( *)["']?([\w.-]+)["']?:/.exec(line) ?? [];
    if (name === '') continue;
    if (NETPLAN_KINDS.includes(name)) {
      kind = name;
      depth = indent.length;
    } else if (indent.length <= depth) kind = undefined;
    else if (name === id && kind !== undefined) return kind;
  }
  return undefined;
}

/** The line `key=value` of a section in the file of the connection that NetworkManager activated. */
export function networkManager(kept: Kept, dev: string, value: string, facts: HostFacts, author: Author): Means | undefined {
  const path = facts.links.get(dev)?.connection?.path;
  const file = path === undefined ? undefined : facts.files.get(path);
  if (path === undefined || !path.startsWith('/etc/') || file === undefined || file.text === null || !isWritable(file.real, facts)) return undefined;
  const isKeyfile = !baseName(path).startsWith('ifcfg-');
  const type = /^type=(.+)$/m.exec(file.text)?.[1]?.trim() ?? '';
  const sections = type === 'wifi' || type === '802-11-wireless' ? ['wifi', '802-11-wireless'] : type === 'infiniband' ? ['infiniband'] : ['ethernet', '802-3-ethernet'];
  return {
    means: 'NetworkManager',
    path: file.real,
    edit: (text) => (isKeyfile ? inSection(text, sections, 'mtu', value, comment(author, kept)) : assigned(text, 'MTU', value, comment(author, kept))),
    notes: [msg('NetworkManager reads it at boot. The running value is set already.')],
  };
}

/** `[section]`, `key=value` of a keyfile (nm-settings-keyfile(5)). */
function inSection(text: string | null, sections: readonly string[], key: string, value: string, own: string): string {
  const lines = linesOf(text).map((line) => line.trim());
  const header = lines.findIndex((line) => sections.some((name) => line === `[${name}]`));
  if (header < 0) return withBlock(text, own, [`[${sections[0] ?? ''}]`, `${key}=${value}`], `${key}=`);
  const next = lines.findIndex((line, index) => index > header && line.startsWith('['));
  const at = lines.findIndex((line, index) => index > header && (next < 0 || index < next) && line.startsWith(`${key}=`));
  if (at < 0) return spliced(text, header + 1, 0, [own, `${key}=${value}`]);
  return lines[at] === `${key}=${value}` ? (text ?? '') : replaced(text, at, [own, `${key}=${value}`]);
}

/** `KEY=value` of a shell-like file. */
function assigned(text: string | null, key: string, value: string, own: string): string {
  const lines = linesOf(text).map((line) => line.trim());
  const at = lines.findLastIndex((line) => line.startsWith(`${key}=`));
  if (at < 0) return withBlock(text, own, [`${key}=${value}`], `${key}=`);
  return lines[at] === `${key}=${value}` ? (text ?? '') : replaced(text, at, [own, `${key}=${value}`]);
}

interface Stanza {
  readonly file: HostFile;
  /** Line after the `iface` line and what continues it, and the one after the stanza. */
  readonly begin: number;
  readonly end: number;
  readonly method: string;
}

/** Words that begin a stanza (interfaces(5)). */
const STANZAS = /^(?:iface|auto|allow-\S+|mapping|source|source-directory|rename|template|no-auto-down|no-scripts)\b/;

/** The stanza of an interface in the files of ifupdown. */
export function stanzaOf(dev: string, { files }: HostFacts): Stanza | undefined {
  const candidates = [...files.values()].filter(({ path, text }) => text !== null && (path === INTERFACES || path.startsWith(`${INTERFACES}.d/`)));
  for (const file of candidates) {
    const lines = linesOf(file.text).map((line) => line.trim());
    const at = lines.findIndex((line) => line.split(/\s+/)[0] === 'iface' && line.split(/\s+/)[1] === dev);
    if (at < 0) continue;
    let begin = at + 1;
    while (lines[begin - 1]?.endsWith('\\') === true && begin < lines.length) begin += 1;
    const next = lines.findIndex((line, index) => index >= begin && STANZAS.test(line));
    return { file, begin, end: next < 0 ? lines.length : next, method: lines[at]?.split(/\s+/)[3] ?? '' };
  }
  return undefined;
}

/**
 * A line in the interface's stanza: `option` where one of it is there, or where its method takes it; else a command that
 * runs when the interface comes up, which every ifupdown takes with every method.
 */
export function ifupdown(kept: Kept, dev: string, line: { readonly option?: string; readonly command: string; readonly begins: string }, facts: HostFacts, author: Author): Means | undefined {
  const stanza = stanzaOf(dev, facts);
  if (stanza === undefined || !isWritable(stanza.file.real, facts)) return undefined;
  const own = `    ${comment(author, kept)}`;
  return {
    means: 'ifupdown',
    path: stanza.file.real,
    notes: [msg('ifup runs it when {0} is brought up. The running value is set already.', dev)],
    edit(text) {
      const place = stanzaOf(dev, { ...facts, files: new Map([[stanza.file.path, { ...stanza.file, text }]]) });
      if (place === undefined) return text ?? '';
      const lines = linesOf(text).map((one) => one.trim());
      const starts = [line.option, `up ${line.begins}`].filter((one) => one !== undefined);
      const at = lines.findIndex((one, index) => index >= place.begin && index < place.end && starts.some((start) => one.startsWith(`${start} `)));
      const isOption = at < 0 ? place.method === 'static' : lines[at]?.startsWith('up ') === false;
      const wanted = isOption && line.option !== undefined ? `${line.option} ${kept.value}` : `up ${line.command}`;
      if (lines[at] === wanted) return text ?? '';
      if (at < 0) return spliced(text, place.begin, 0, [own, `    ${wanted}`]);
      return isComment(lines[at - 1]) ? spliced(text, at - 1, 2, [own, `    ${wanted}`]) : spliced(text, at, 1, [own, `    ${wanted}`]);
    },
  };
}

/** A rule of udev that sets an attribute or runs a program when the interface appears or gets its name. */
export function udev(kept: Kept, dev: string, assignment: { readonly begins: string; readonly value: string }, facts: HostFacts, author: Author): Means | undefined {
  if (!facts.present.has('/run/udev') || !facts.writable.has(UDEV) || !isPlainName(dev)) return undefined;
  // An interface that is renamed while it is added says so in an event of its own, which carries its last name.
  const begins = `ACTION=="add|move", SUBSYSTEM=="net", KERNEL=="${dev}", ${assignment.begins}`;
  return {
    means: 'udev',
    path: UDEV_FILE,
    edit: (text) => withBlock(text, comment(author, kept), [`${begins}${assignment.value}"`], begins),
    notes: [msg('udev does it when {0} appears. The running value is set already.', dev)],
  };
}

/** Who brings an interface up or down, for a sentence. */
export function managerOf(dev: string, facts: HostFacts): string | undefined {
  const link = facts.links.get(dev);
  if (isNetplan(dev, facts)) return 'netplan';
  if (link?.networkFile !== undefined) return 'systemd-networkd';
  if (link?.connection !== undefined) return 'NetworkManager';
  return stanzaOf(dev, facts) === undefined ? undefined : 'ifupdown';
}

export const nobodyKeeps = (kept: Kept, dev: string): Message => msg('No program was found on this host that configures {0} and in whose files {1} could be kept.', dev, kept.name);
