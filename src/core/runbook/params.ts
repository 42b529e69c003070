import { msg, type Message } from '../message.js';
import type { ParamName } from './blocks.js';

/** What a person is told when asked for a value. */
export interface ParamText {
  readonly title: Message;
  readonly placeholder: Message;
}

const TEXTS: Readonly<Record<ParamName, ParamText>> = {
  HOST: { title: msg('Host to test against'), placeholder: msg('a name or address, e.g. 192.0.2.10') },
  INTERFACE: { title: msg('Interface'), placeholder: msg('e.g. eth0') },
  PPROF_URL: { title: msg('Address of the Go program’s pprof server'), placeholder: msg('e.g. http://127.0.0.1:6060') },
  PORT: { title: msg('Port'), placeholder: msg('1 to 65535') },
  SECONDS: { title: msg('Seconds'), placeholder: msg('1 to 60') },
  SIZE: { title: msg('New size'), placeholder: msg('a whole number') },
};

export function paramText(name: ParamName): ParamText {
  return TEXTS[name];
}

/**
 * Says what is wrong with a value, or `undefined` when it is acceptable. Values always travel as quoted environment
 * variables; these rules keep out what a program would take for an option or could not mean.
 */
export function checkParam(name: ParamName, value: string): Message | undefined {
  switch (name) {
    case 'HOST':
      return /^(?!-)[A-Za-z0-9._:%-]{1,253}$/.test(value) ? undefined : msg('A host is a name or an IP address.');
    case 'INTERFACE':
      return checkInterface(value);
    case 'PPROF_URL':
      return checkUrl(value);
    case 'PORT':
      return whole(value, 1, 65_535) ? undefined : msg('A port is a number from {0} to {1}.', 1, 65_535);
    case 'SECONDS':
      return whole(value, 1, 60) ? undefined : msg('Give a whole number of seconds from {0} to {1}.', 1, 60);
    case 'SIZE':
      return whole(value, 1, 100_000_000) ? undefined : msg('Give a whole number from {0} to {1}.', 1, 100_000_000);
  }
}

/**
 * The kernel's own rule (dev_valid_name in net/core/dev.c), and no leading dash, which tools would take for an option.
 * The kernel allows control characters; typed into a terminal, ^U and ^O would make a command line of their own.
 */
function checkInterface(value: string): Message | undefined {
  const bytes = new TextEncoder().encode(value).length;
  const valid = bytes >= 1 && bytes <= 15 && value !== '.' && value !== '..' && !/[/:\s\0]/.test(value);
  if (!valid) return msg('This is not the name of an interface.');
  if (/\p{C}/u.test(value)) return msg('A name with invisible characters cannot be used in a command.');
  return value.startsWith('-') ? msg('A name that begins with a dash would be taken for an option.') : undefined;
}

function checkUrl(value: string): Message | undefined {
  const problem = msg('Give an address that begins with http:// or https://.');
  if (value.length > 2000 || /[\s\p{Cc}'"`\\]/u.test(value)) return problem;
  try {
    const url = new URL(value);
    return url.protocol === 'http:' || url.protocol === 'https:' ? undefined : problem;
  } catch {
    return problem;
  }
}

function whole(value: string, least: number, most: number): boolean {
  return /^\d{1,9}$/.test(value) && Number(value) >= least && Number(value) <= most;
}
