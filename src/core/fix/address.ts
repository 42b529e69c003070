import { msg, type Message } from '../message.js';
import { sysctlPath } from './kinds/sysctl.js';
import type { RuleName, Setting } from './types.js';

export type ParsedAddress = { readonly kind: 'setting'; readonly setting: Setting } | { readonly kind: 'malformed'; readonly problem: Message };

/** The forms of an address, for people who write runbooks. */
export const ADDRESS_FORMS = [
  'sysctl net.core.somaxconn',
  'sysctl net.ipv4.tcp_rmem[2]',
  'sysctl net/ipv4/conf/{it.name}/rp_filter',
  'link {it.name} mtu|txqueuelen|state',
  'qdisc {it.dev} {it.parent} limit',
  'rule {it.name}',
  'route ipv4|ipv6 TABLE TYPE DESTINATION',
  'ethtool {it.name} ring|feature|channels NAME',
] as const;

/**
 * Reads the address of a setting, its holes already filled. Names come from a host: one that a program would take for
 * an option, or that holds invisible characters, is refused.
 */
export function parseAddress(text: string): ParsedAddress {
  const malformed = (problem: Message): ParsedAddress => ({ kind: 'malformed', problem });
  const found = (setting: Setting): ParsedAddress => ({ kind: 'setting', setting });
  const [kind = '', ...words] = text.trim().split(' ');
  const odd = words.find((word) => word === '' || word.startsWith('-') || /[\p{C}\p{Z}]/u.test(word));
  if (odd !== undefined) return malformed(msg('“{0}” cannot be used in a command.', odd.replace(/\p{C}/gu, '\u{fffd}')));
  const [first = '', second = '', third = '', fourth = ''] = words;
  switch (kind) {
    case 'sysctl': {
      const [, name = '', index] = /^([^[\]]+)(?:\[([0-7])\])?$/.exec(first) ?? [];
      const path = sysctlPath(name);
      if (path === undefined || words.length !== 1) break;
      return found({ kind, path, index: index === undefined ? null : Number(index) });
    }
    case 'link':
      if (words.length !== 2 || !isDevice(first)) break;
      if (second === 'mtu' || second === 'txqueuelen' || second === 'state') return found({ kind, dev: first, attribute: second });
      break;
    case 'qdisc':
      if (words.length !== 3 || !isDevice(first) || third !== 'limit') break;
      if (/^(?:root|[0-9a-f]{0,4}:[0-9a-f]{1,4})$/i.test(second)) return found({ kind, dev: first, parent: second, option: third });
      break;
    case 'rule': {
      const rule = ruleName(words);
      if (rule !== undefined) return found({ kind, rule });
      break;
    }
    case 'route':
      if (words.length !== 4 || (first !== 'ipv4' && first !== 'ipv6') || !/^[\w.-]+$/.test(second) || !/^[a-z]+$/.test(third)) break;
      if (!/^(?:default|[0-9a-fA-F.:]+(?:\/\d{1,3})?)$/.test(fourth)) break;
      return found({ kind, family: first === 'ipv4' ? 4 : 6, table: second, type: third, destination: fourth });
    case 'ethtool':
      if (words.length !== 3 || !isDevice(first) || !/^[\w-]+$/.test(third)) break;
      if (second === 'ring' || second === 'feature' || second === 'channels') return found({ kind, dev: first, group: second, name: third });
      break;
  }
  return malformed(msg('“{0}” is not the address of a setting.', text.replace(/\p{C}/gu, '\u{fffd}').slice(0, 120)));
}

/** The kernel's rule for names of devices (dev_valid_name, net/core/dev.c), as far as it was not checked above. */
function isDevice(name: string): boolean {
  return name !== '.' && name !== '..' && !/[/:]/.test(name) && new TextEncoder().encode(name).length <= 15;
}

/** The keys of the table `rule`: `nft inet filter input #12`, `iptables filter INPUT 3`. */
function ruleName([backend = '', ...words]: readonly string[]): RuleName | undefined {
  const isName = (word: string | undefined): word is string => word !== undefined && /^[\w./-]{1,128}$/.test(word);
  if (backend === 'nft') {
    const [family, table, chain, number = ''] = words;
    const handle = /^#(\d{1,9})$/.exec(number)?.[1];
    if (words.length !== 4 || !isName(family) || !isName(table) || !isName(chain) || handle === undefined) return undefined;
    return { backend, family, table, chain, handle: Number(handle) };
  }
  if (backend === 'iptables' || backend === 'ip6tables' || backend === 'iptables-legacy' || backend === 'ip6tables-legacy') {
    const [table, chain, position = ''] = words;
    if (words.length !== 3 || !isName(table) || !isName(chain) || !/^\d{1,6}$/.test(position)) return undefined;
    return { backend, table, chain, position: Number(position) };
  }
  return undefined;
}
