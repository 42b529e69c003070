import { msg, type Message } from '../../message.js';
import type { Current, Setting, SettingKind } from '../types.js';

type Link = Extract<Setting, { kind: 'link' }>;

/** IFF_UP of the flags that /sys/class/net/DEV/flags shows (include/uapi/linux/if.h). */
const IFF_UP = 1;

const FILES: Readonly<Record<Link['attribute'], string>> = { mtu: 'mtu', txqueuelen: 'tx_queue_len', state: 'flags' };

/** Bounds that hold for every device (net/core/dev.c: mtu 68 is IPv4's minimum; tx_queue_len is unsigned int). */
const BOUNDS: Readonly<Record<'mtu' | 'txqueuelen', readonly [least: number, most: number]>> = { mtu: [68, 65_536], txqueuelen: [0, 1_000_000] };

/** An attribute of an interface that `ip link set` changes. */
export const linkKind: SettingKind<Link> = {
  tools: () => ['ip'],
  name: ({ dev, attribute }) => `${attribute} of ${dev}`,
  reads: ({ dev, attribute }) => [{ kind: 'read', path: `/sys/class/net/${dev}/${FILES[attribute]}` }],
  understand({ dev, attribute }, [text = '']): Current | Message {
    const word = text.trim();
    if (attribute === 'state') {
      if (!/^0x[0-9a-f]+$/i.test(word)) return msg('The state of {0} could not be read.', dev);
      const state = (Number.parseInt(word, 16) & IFF_UP) === 0 ? 'down' : 'up';
      return { value: state, state };
    }
    return /^\d+$/.test(word) ? { value: word, state: word } : msg('The {0} of {1} could not be read.', attribute, dev);
  },
  check({ attribute }, value) {
    if (attribute === 'state') return value === 'up' || value === 'down' ? undefined : msg('An interface is up or down.');
    const [least, most] = BOUNDS[attribute];
    const fits = /^\d{1,9}$/.test(value) && Number(value) >= least && Number(value) <= most;
    return fits ? undefined : msg('{0} is a whole number from {1} to {2}.', attribute, least, most);
  },
  sets: (setting, value) => [set(setting, value)],
  resets: (setting, before) => [set(setting, before.state)],
};

function set({ dev, attribute }: Link, value: string): { readonly kind: 'run'; readonly argv: readonly string[] } {
  const words = attribute === 'state' ? [value] : [attribute, value];
  return { kind: 'run', argv: ['ip', 'link', 'set', 'dev', dev, ...words] };
}
