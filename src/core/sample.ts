import type { Facts } from './facts.js';
import type { Message } from './message.js';
import type { SourceId } from './sources.js';

/** What became of one source in one sample. A source that was not due is simply absent from the sample. */
export type Reading =
  | { readonly state: 'ok'; readonly facts: Facts }
  | {
      readonly state: 'unreadable';
      /**
       * `absent`: the file does not exist (feature not built, not loaded, or not in this namespace) · `denied`: no
       * permission · `no-tool`: a program is not installed · `failed`: the program ended with an error ·
       * `garbled`: its output could not be understood.
       */
      readonly reason: 'absent' | 'denied' | 'no-tool' | 'failed' | 'garbled';
      readonly why: Message;
      readonly how: Message | undefined;
    };

/** One look at a host. */
export interface Sample {
  readonly seq: number;
  /** Seconds since boot by the host's own clock (/proc/uptime): rates use it, so that network delay does not matter. */
  readonly hostSeconds: number;
  readonly bootId: string;
  readonly readings: ReadonlyMap<SourceId, Reading>;
  /** Whether it was taken in a network namespace other than the one in which the host's shell runs. */
  readonly inNamespace?: boolean;
}

/** What is known of a host from the moment the probe starts; it does not change while it runs. */
export interface HostInfo {
  readonly name: string;
  /** Kernel release, as `uname -r` prints it. */
  readonly kernel: string;
  readonly bootId: string;
  /** Effective user id of the probe, `undefined` where `id` is missing. */
  readonly uid: number | undefined;
  /** Which of the tools that the product can use exist on the host's PATH. */
  readonly tools: ReadonlySet<string>;
}
