import { FactsBuilder, type Facts, type Parser } from '../facts.js';
import { msg } from '../message.js';
import { note, noteEmpty, parseLevel, words } from './text.js';

/** /proc/uptime: seconds since boot, then idle seconds of all CPUs. Gauge `host.uptime`. */
export function parseUptime(text: string): Facts {
  const facts = new FactsBuilder();
  const value = parseLevel(fieldsOf(text)[0] ?? '');
  if (value !== undefined && value >= 0) facts.gauges.set('host.uptime', value);
  else note(facts, msg('Not a time since boot.'));
  return facts;
}

/** /proc/sys/kernel/random/boot_id: a UUID that each boot makes anew. Text `host.boot_id`. */
export function parseBootId(text: string): Facts {
  const facts = new FactsBuilder();
  const [id = '', ...rest] = fieldsOf(text);
  if (/^[0-9a-f-]{36}$/i.test(id) && rest.length === 0) facts.texts.set('host.boot_id', id);
  else note(facts, msg('Not a boot id.'));
  return facts;
}

/** A file with one number, e.g. /proc/sys/net/netfilter/nf_conntrack_count: one gauge. */
export function numberParser(signal: string): Parser {
  return (text: string): Facts => {
    const facts = new FactsBuilder();
    const [first = '', ...rest] = fieldsOf(text);
    const value = parseLevel(first);
    if (value !== undefined && rest.length === 0) facts.gauges.set(signal, value);
    else note(facts, msg('Not a number.'));
    return facts;
  };
}

/** Names of the parts of sysctls with several numbers (Documentation/networking/ip-sysctl.rst). */
const PARTS: ReadonlyMap<string, readonly string[]> = new Map([
  ['sysctl.net.ipv4.tcp_rmem', ['min', 'default', 'max']],
  ['sysctl.net.ipv4.tcp_wmem', ['min', 'default', 'max']],
  ['sysctl.net.ipv4.tcp_mem', ['min', 'pressure', 'max']],
  ['sysctl.net.ipv4.udp_mem', ['min', 'pressure', 'max']],
  ['sysctl.net.ipv4.ip_local_port_range', ['min', 'max']],
]);

/**
 * A sysctl. One number: gauge of the id; a word: text of the id; several values: text of the id, and gauges `.min`,
 * `.default`, `.pressure`, `.max` where the parts have names. Units are the sysctl's own (tcp_mem: pages).
 */
export function sysctlParser(id: string): Parser {
  return (text: string): Facts => {
    const facts = new FactsBuilder();
    const fields = fieldsOf(text);
    const [first] = fields;
    if (first === undefined) {
      noteEmpty(facts);
      return facts;
    }
    if (fields.length > 16 || !fields.every((field) => /^[\x21-\x7e]{1,64}$/.test(field))) {
      note(facts, msg('Not the value of a setting.'));
      return facts;
    }
    const parts = PARTS.get(id);
    const single = parseLevel(first);
    if (fields.length === 1 && single !== undefined && parts === undefined) {
      facts.gauges.set(id, single);
      return facts;
    }
    facts.texts.set(id, fields.join(' '));
    for (const [index, part] of (parts ?? []).entries()) {
      const value = parseLevel(fields[index] ?? '');
      // None of these limits can be negative: such a value would make any use of memory look like too much.
      if (value === undefined || value < 0) note(facts, msg('The value "{0}" is not a number.', part));
      else facts.gauges.set(`${id}.${part}`, value);
    }
    return facts;
  };
}

/** At most the first 1,000 characters are looked at: these files hold one short line. */
function fieldsOf(text: string): string[] {
  return words(text.slice(0, 1_000).replaceAll('\n', ' '));
}
