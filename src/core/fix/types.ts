import type { Condition } from '../diagnosis/condition.js';
import type { TableName } from '../facts.js';
import type { Message } from '../message.js';
import type { Template } from '../runbook/template.js';

/**
 * Something of a host that can be read and set, so that every change has an exact inverse. Names are the host's own and
 * may be anything that the kernel allows; they travel as arguments and file names, never as text of a script.
 */
export type Setting =
  /** A file below /proc/sys, as `net/core/somaxconn`; `index` picks one of several numbers in it (tcp_rmem has three). */
  | { readonly kind: 'sysctl'; readonly path: string; readonly index: number | null }
  /** `ip link set dev … mtu | txqueuelen | up | down`. */
  | { readonly kind: 'link'; readonly dev: string; readonly attribute: 'mtu' | 'txqueuelen' | 'state' }
  /** `tc qdisc change dev … limit`: `parent` is `root` or a class (`1:2`). */
  | { readonly kind: 'qdisc'; readonly dev: string; readonly parent: string; readonly option: 'limit' }
  /** A rule of nftables by its handle, or of iptables by its place: on, or off (without its verdict). */
  | { readonly kind: 'rule'; readonly rule: RuleName }
  /** A route as `ip route show` prints its destination and type, in a table: there or not. */
  | { readonly kind: 'route'; readonly family: 4 | 6; readonly table: string; readonly type: string; readonly destination: string }
  /** `ethtool -G` (ring), `-K` (feature), `-L` (channels). */
  | { readonly kind: 'ethtool'; readonly dev: string; readonly group: 'ring' | 'feature' | 'channels'; readonly name: string };

export type RuleName =
  | { readonly backend: 'nft'; readonly family: string; readonly table: string; readonly chain: string; readonly handle: number }
  | { readonly backend: 'iptables' | 'ip6tables' | 'iptables-legacy' | 'ip6tables-legacy'; readonly table: string; readonly chain: string; readonly position: number };

/** One thing done on a host. The only two forms, so that one place makes shell text of them. */
export type Act =
  /** Writes a line into a file of /proc or /sys. */
  | { readonly kind: 'write'; readonly path: string; readonly text: string }
  /**
   * Starts a program with these arguments; `stdin` is given to it where it has one. `tolerates`: an exit status that is
   * as good as 0, because it says that there was nothing to do.
   */
  | { readonly kind: 'run'; readonly argv: readonly string[]; readonly stdin?: string; readonly tolerates?: number };

/** How a setting is read: what the file or the program prints is what `understand` gets. */
export type Read = { readonly kind: 'read'; readonly path: string } | { readonly kind: 'run'; readonly argv: readonly string[] };

/** A setting's value at one time. */
export interface Current {
  /** For people, and compared with what was wanted: `4096`, `up`, `present`. */
  readonly value: string;
  /** All that is needed to put it back exactly; plain text, kept in the change log. */
  readonly state: string;
  /** The largest value that the host says it takes; `now.most` in the expressions of a fix. */
  readonly most?: number;
}

/** What is known of one kind of setting. All pure; the host is reached by whoever runs the reads and acts. */
export interface SettingKind<S extends Setting> {
  /** Programs that must exist on the host. */
  tools(setting: S): readonly string[];
  /** How it is called, in the field's words: `net.core.somaxconn`, `mtu of eth0`. */
  name(setting: S): string;
  reads(setting: S): readonly Read[];
  /** What the outputs of `reads` say; a message when they say that there is no such thing, or cannot be understood. */
  understand(setting: S, outputs: readonly string[]): Current | Message;
  /** What is wrong with a wanted value; `undefined` when it can be set. */
  check(setting: S, value: string, current: Current): Message | undefined;
  sets(setting: S, value: string, current: Current): readonly Act[];
  /** The exact inverse: back to `before`, also when it is as before already. */
  resets(setting: S, before: Current): readonly Act[];
}

/** `changes`: reversible at once. `disruptive`: can cut connections, ours too. */
export type FixRisk = 'changes' | 'disruptive';

/** A cure for a cause, as its runbook's front matter describes it: data only. */
export interface Fix {
  /** Unique among all runbooks. */
  readonly id: string;
  readonly title: string;
  /** The rows one of which it is for, as `it` in the expressions; `host`: the host as a whole. */
  readonly each: 'host' | TableName;
  readonly settings: readonly FixSetting[];
  readonly risk: FixRisk;
  /** Side effects, one or two sentences. */
  readonly effect: Template;
  /** What a person must do before it can take effect (a program that must listen anew); `undefined` when nothing. */
  readonly then: Template | undefined;
  /** Where it cannot help: not offered then, and why. `undefined` where it can always be tried. */
  readonly unless: { readonly when: Condition; readonly why: Template } | undefined;
  /** What must stop moving. At least one. */
  readonly watch: readonly Watch[];
}

/** Something that happens while the cause holds, and no more when it is cured. */
export type Watch =
  /** A counter by its signal id; `it.NAME` for one of the fix's row. */
  | { readonly kind: 'signal'; readonly label: string }
  /** A number that no counter gives alone, how much of it in the window: `unanswered pings = delta.A - delta.B`. */
  | { readonly kind: 'amount'; readonly label: string; readonly amount: Condition }
  /** How far above a bound something is, at the end of the window: `level ports above 90 % = now.ports.used - …`. Cured is 0 or less. */
  | { readonly kind: 'level'; readonly label: string; readonly amount: Condition };

/** One setting of a fix. */
export interface FixSetting {
  /** `sysctl net.core.somaxconn`, `link {it.name} mtu`: kind and address. */
  readonly address: Template;
  /** The proposed value; `now.current` is the value that the host has, `now.most` the largest that it says it takes. */
  readonly value: Condition;
  /** Whether a person may give another value; else `value` is what is set. */
  readonly asked: boolean;
}

/** A fix for one host and row, with what was read from it: everything that a person is shown before they agree. */
export interface ChangePlan {
  readonly runbook: string;
  readonly fix: string;
  /** Key of the row; `undefined` for the host. */
  readonly row: string | undefined;
  readonly title: string;
  readonly risk: FixRisk;
  readonly effect: string;
  readonly then: string | undefined;
  readonly watch: readonly Watch[];
  readonly steps: readonly ChangeStep[];
}

/** One setting of a plan. */
export interface ChangeStep {
  readonly setting: Setting;
  readonly name: string;
  readonly before: Current;
  readonly after: string;
  readonly sets: readonly Act[];
  readonly resets: readonly Act[];
}
