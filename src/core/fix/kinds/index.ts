import type { Message } from '../../message.js';
import type { Act, Current, Read, Setting, SettingKind } from '../types.js';
import { ethtoolKind } from './ethtool.js';
import { linkKind } from './link.js';
import { qdiscKind } from './qdisc.js';
import { routeKind } from './route.js';
import { ruleKind } from './rule.js';
import { sysctlKind } from './sysctl.js';

/** What is known of a setting, its kind already looked up. */
export interface KnownSetting {
  readonly setting: Setting;
  readonly tools: readonly string[];
  readonly name: string;
  readonly reads: readonly Read[];
  understand(outputs: readonly string[]): Current | Message;
  check(value: string, current: Current): Message | undefined;
  sets(value: string, current: Current): readonly Act[];
  resets(before: Current): readonly Act[];
}

/** Looks up how a setting is read, set and put back. */
export function known(setting: Setting): KnownSetting {
  switch (setting.kind) {
    case 'sysctl':
      return bind(sysctlKind, setting);
    case 'link':
      return bind(linkKind, setting);
    case 'qdisc':
      return bind(qdiscKind, setting);
    case 'rule':
      return bind(ruleKind, setting);
    case 'route':
      return bind(routeKind, setting);
    case 'ethtool':
      return bind(ethtoolKind, setting);
  }
}

function bind<S extends Setting>(kind: SettingKind<S>, setting: S): KnownSetting {
  return {
    setting,
    tools: kind.tools(setting),
    name: kind.name(setting),
    reads: kind.reads(setting),
    understand: (outputs) => kind.understand(setting, outputs),
    check: (value, current) => kind.check(setting, value, current),
    sets: (value, current) => kind.sets(setting, value, current),
    resets: (before) => kind.resets(setting, before),
  };
}
