import type { Message } from '../../message.js';
import type { Setting } from '../types.js';

/** A setting that a person kept, as it is on the host. */
export interface Kept {
  readonly setting: Setting;
  /** `net.core.somaxconn`, `mtu of eth0`. */
  readonly name: string;
  readonly before: { readonly value: string; readonly state: string };
  readonly value: string;
  /** All of what the host has at present: the whole line of a sysctl of which one number was changed. */
  readonly state: string;
}

/** Who changes a file and why, for the comment in it. */
export interface Author {
  /** Tells a change from every other; hex digits. */
  readonly change: string;
  readonly title: string;
  /** `2026-11-22`. */
  readonly date: string;
}

/** A file of the host. */
export interface HostFile {
  readonly path: string;
  /** The path without symbolic links. */
  readonly real: string;
  /** `null`: it cannot be shown byte by byte, or must not be (it holds secrets). */
  readonly text: string | null;
}

/** How an interface came to its configuration. */
export interface LinkFacts {
  /** The `.network` file that systemd-networkd applied; `undefined` where it does not manage the interface. */
  readonly networkFile: string | undefined;
  /** The connection that NetworkManager activated on it, and its file where one was found. */
  readonly connection: { readonly uuid: string; readonly path: string | undefined } | undefined;
}

/** What is known of a host's way of keeping its settings. All of it was read, nothing was run. */
export interface HostFacts {
  /** By path. */
  readonly files: ReadonlyMap<string, HostFile>;
  /** Paths of those asked for that exist: markers of running managers. */
  readonly present: ReadonlySet<string>;
  /** Folders of those asked for in which, or in whose place, files can be written. */
  readonly writable: ReadonlySet<string>;
  /** Absolute paths of programs by their name. */
  readonly programs: ReadonlyMap<string, string>;
  readonly links: ReadonlyMap<string, LinkFacts>;
}

/** What has to be read of a host to know how a setting can be kept. */
export interface Wanted {
  readonly files: readonly string[];
  /** All files of these folders whose names end so. */
  readonly folders: readonly { readonly path: string; readonly suffix: string }[];
  readonly present: readonly string[];
  readonly writable: readonly string[];
  readonly programs: readonly string[];
  /** Interfaces. */
  readonly links: readonly string[];
}

/** One way to keep one setting. */
export interface Means {
  /** In the field's words: `sysctl.d`, `NetworkManager`. */
  readonly means: string;
  readonly path: string;
  /** The file's text with the setting kept in it; the same text when it is kept in it already. `null`: there is no file. */
  readonly edit: (text: string | null) => string;
  readonly notes: readonly Message[];
}

/** The ways to keep a setting, the best first; or why there is none, and what a person can do. */
export type Ways =
  | { readonly kind: 'ways'; readonly ways: readonly Means[] }
  | { readonly kind: 'refused'; readonly why: Message; readonly how?: Message };

/** A file that would keep a change, or a part of it. */
export interface Candidate {
  readonly means: string;
  readonly path: string;
  readonly before: string | null;
  readonly after: string;
  readonly notes: readonly Message[];
}
