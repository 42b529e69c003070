import { msg, type Message } from '../../message.js';
import type { Act, Current, Setting, SettingKind } from '../types.js';

type Ethtool = Extract<Setting, { kind: 'ethtool' }>;

/** Options of ethtool(8) that show and that set. */
const OPTIONS: Readonly<Record<Ethtool['group'], readonly [show: string, set: string]>> = {
  ring: ['-g', '-G'],
  feature: ['-k', '-K'],
  channels: ['-l', '-L'],
};

/** Labels of `ethtool -g` and `-l` for the words of `-G` and `-L`. */
const LABELS: ReadonlyMap<string, string> = new Map([
  ['rx', 'RX'],
  ['tx', 'TX'],
  ['rx-mini', 'RX Mini'],
  ['rx-jumbo', 'RX Jumbo'],
  ['combined', 'Combined'],
  ['other', 'Other'],
]);

/** `-K` takes short words for the long ones that `-k` prints (ethtool.c, off_flag_def). */
const FEATURES: ReadonlyMap<string, string> = new Map([
  ['lro', 'large-receive-offload'],
  ['gro', 'generic-receive-offload'],
  ['gso', 'generic-segmentation-offload'],
  ['tso', 'tcp-segmentation-offload'],
  ['rx', 'rx-checksumming'],
  ['tx', 'tx-checksumming'],
  ['sg', 'scatter-gather'],
  ['rxvlan', 'rx-vlan-offload'],
  ['txvlan', 'tx-vlan-offload'],
  ['ntuple', 'ntuple-filters'],
  ['rxhash', 'receive-hashing'],
]);

/** ethtool before 5.x ends with 80 when a ring or channel count is already as wanted. */
const UNCHANGED = 80;

/** A ring size, feature or channel count of a driver. */
export const ethtoolKind: SettingKind<Ethtool> = {
  tools: () => ['ethtool'],
  name: ({ dev, group, name }) => `${group} ${name} of ${dev}`,
  reads: ({ dev, group }) => [{ kind: 'run', argv: ['ethtool', OPTIONS[group][0], dev] }],
  understand: (setting, [text = '']) => (setting.group === 'feature' ? feature(setting, text) : amount(setting, text)),
  check(setting, value, current) {
    if (setting.group === 'feature') return value === 'on' || value === 'off' ? undefined : msg('A feature is on or off.');
    const most = current.most ?? 0;
    const fits = /^\d{1,7}$/.test(value) && Number(value) >= 1 && Number(value) <= most;
    return fits ? undefined : msg('{0} takes a whole number from {1} to {2}: the driver allows no more.', ethtoolKind.name(setting), 1, most);
  },
  sets: (setting, value) => set(setting, value),
  resets: (setting, before) => set(setting, before.value),
};

function set({ dev, group, name }: Ethtool, value: string): readonly Act[] {
  return [{ kind: 'run', argv: ['ethtool', OPTIONS[group][1], dev, name, value], tolerates: UNCHANGED }];
}

function feature({ dev, name }: Ethtool, text: string): Current | Message {
  const label = FEATURES.get(name) ?? name;
  for (const line of text.split('\n')) {
    const [, found, value, fixed] = /^\s*([\w-]+): (on|off)( \[.*fixed.*\])?/.exec(line) ?? [];
    if (found !== label || value === undefined) continue;
    return fixed === undefined ? { value, state: value } : msg('{0} of {1} cannot be changed: the driver keeps it {2}.', label, dev, value);
  }
  return msg('{0} has no feature {1}.', dev, label);
}

/** `Pre-set maximums:` and `Current hardware settings:`, each with lines `RX:  4096`. */
function amount({ dev, group, name }: Ethtool, text: string): Current | Message {
  const label = LABELS.get(name) ?? name;
  const found: string[] = [];
  for (const line of text.split('\n')) {
    const [, word, value] = /^\s*([^:]+):\s+(\d+)\s*$/.exec(line) ?? [];
    if (word === label && value !== undefined) found.push(value);
  }
  const [most, value] = found;
  if (most === undefined || value === undefined) return msg('{0} has no {1} {2} that could be set.', dev, group, name);
  return { value, state: value, most: Number(most) };
}
