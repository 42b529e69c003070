import type { CipherName, HostKeyAlgorithm, KexName, MacName } from './algorithmLists.js';
import type { StrictHostKeyChecking } from '../hostKeyPolicy.js';

/** Ways to prove who the user is that are tried here. */
export type AuthMethod = 'publickey' | 'keyboard-interactive' | 'password';

/** One host of a `ProxyJump` list, as it is written there. */
export interface JumpHost {
  readonly host: string;
  readonly user: string | undefined;
  readonly port: number | undefined;
}

/** How the host is reached. */
export type ProxyWay =
  | { readonly kind: 'direct' }
  /** Through these hosts, the first one first (`ProxyJump`). */
  | { readonly kind: 'jump'; readonly jumps: readonly JumpHost[] }
  /** Over the standard streams of a command line with its tokens not expanded yet (`ProxyCommand`). */
  | { readonly kind: 'command'; readonly command: string };

/** Where and how to connect, after the configuration and what the person gave were put together. */
export interface ResolvedHost {
  /** The name as the person gave it; used in every sentence for people. */
  readonly alias: string;
  /** In lower case, as OpenSSH takes it. */
  readonly hostName: string;
  readonly port: number;
  readonly user: string;
  readonly family: 'any' | 'ipv4' | 'ipv6';
  /** Key files that the configuration names, in order; empty when the default ones are to be tried. */
  readonly identityFiles: readonly string[];
  /** Key files that are tried when the configuration names none. */
  readonly defaultIdentityFiles: readonly string[];
  readonly certificateFiles: readonly string[];
  readonly identitiesOnly: boolean;
  readonly agentSocket: string | undefined;
  readonly knownHostsFiles: readonly string[];
  /** In lower case. */
  readonly hostKeyAlias: string | undefined;
  /** Host key algorithms that may be used, in order; empty when the configured ones are not among ours. */
  readonly hostKeyAlgorithms: readonly HostKeyAlgorithm[];
  /** Key exchanges, ciphers and MACs that may be used, in our order; empty when the configured ones are not among ours. */
  readonly kexAlgorithms: readonly KexName[];
  readonly ciphers: readonly CipherName[];
  readonly macs: readonly MacName[];
  readonly strictHostKeyChecking: StrictHostKeyChecking;
  /** Methods to try, in order. */
  readonly methods: readonly AuthMethod[];
  /** `wanted`: `PreferredAuthentications` puts it first; `allowed`: it is switched on, which some systems do for everybody. */
  readonly gssapi: 'off' | 'allowed' | 'wanted';
  readonly passwordPrompts: number;
  /** `BatchMode yes`: nobody is asked anything. */
  readonly batchMode: boolean;
  readonly connectTimeoutMs: number;
  readonly keepAliveMs: number;
  readonly keepAliveCount: number;
  readonly proxy: ProxyWay;
  /** Socket of a shared connection (`ControlPath`, tokens expanded); whether anybody listens there is not known. */
  readonly controlPath: string | undefined;
  /** Options that only the system's `ssh` can obey, in their usual spelling, e.g. `KnownHostsCommand`. */
  readonly onlySystem: readonly string[];
  /** Options whose use runs a program or loads a library on this machine, in their usual spelling. */
  readonly runs: readonly string[];
}
