import { msg, type Message } from '../../message.js';
import type { Current, Setting, SettingKind } from '../types.js';

type Sysctl = Extract<Setting, { kind: 'sysctl' }>;

const file = (setting: Sysctl): string => `/proc/sys/${setting.path}`;

/** Numbers in the file, as the kernel separates them (proc_dointvec, kernel/sysctl.c). */
const fields = (text: string): readonly string[] => text.trim().split(/\s+/);

/** Above this the kernel's own limits hold; most sysctls are int (2^31 - 1), tcp_mem and its like are long. */
const LARGEST = Number.MAX_SAFE_INTEGER;

/**
 * The path below /proc/sys of a sysctl's name as sysctl(8) takes it: dots separate, and where a slash stands first,
 * slashes separate and a dot is a part of a name (`net/ipv4/conf/eth0.100/rp_filter`). `undefined`: not such a name.
 */
export function sysctlPath(name: string): string | undefined {
  const separator = /[./]/.exec(name)?.[0];
  if (separator === undefined) return undefined;
  const parts = name.split(separator);
  if (parts.some((part) => part === '' || part === '.' || part === '..' || /[/\p{C}]/u.test(part))) return undefined;
  return parts.join('/');
}

/** A sysctl, or one of several numbers in it. */
export const sysctlKind: SettingKind<Sysctl> = {
  tools: () => [],
  name: ({ path, index }) => `${path.includes('.') ? path : path.replaceAll('/', '.')}${index === null ? '' : `[${index}]`}`,
  reads: (setting) => [{ kind: 'read', path: file(setting) }],
  understand(setting, [text = '']): Current | Message {
    const state = fields(text).join(' ');
    if (state === '') return msg('{0} is empty.', file(setting));
    if (setting.index === null) return { value: state, state };
    const value = fields(text)[setting.index];
    return value === undefined ? msg('{0} has no number {1}.', file(setting), setting.index + 1) : { value, state };
  },
  check(setting, value, current) {
    const count = setting.index === null ? fields(current.state).length : 1;
    const numbers = value.split(' ');
    if (numbers.length !== count || !numbers.every((number) => /^-?\d{1,16}$/.test(number))) {
      const name = sysctlKind.name(setting);
      return count === 1 ? msg('{0} is a whole number.', name) : msg('{0} has {1} whole numbers, with a blank between them.', name, count);
    }
    const large = numbers.find((number) => Math.abs(Number(number)) > LARGEST);
    return large === undefined ? undefined : msg('{0} is too large.', large);
  },
  sets(setting, value, current) {
    const { index } = setting;
    const text = index === null ? value : fields(current.state).map((field, at) => (at === index ? value : field)).join(' ');
    return [{ kind: 'write', path: file(setting), text }];
  },
  resets: (setting, before) => [{ kind: 'write', path: file(setting), text: before.state }],
};
