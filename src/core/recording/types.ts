import type { Message } from '../message.js';
import type { HostInfo } from '../sample.js';
import type { Tier } from '../sources.js';

/** What one part of a probe's answer held: its name, its text as the host sent it, and the exit status where there is one. */
export interface RecordedPart {
  readonly name: string;
  readonly text: string;
  readonly status: number | undefined;
}

/** Who made a recording, of what, when. */
export interface RecordingHeader {
  /** Version of the product that wrote it. */
  readonly product: string;
  /** The target as it was given, in its one spelling: `local:/`, `ssh://web-1/`. */
  readonly target: string;
  readonly host: HostInfo;
  /** When the recording began, ISO 8601 in UTC. */
  readonly began: string;
  /** Whether the probe ran in a network namespace other than the host's first. */
  readonly inNamespace: boolean;
  /** After how many seconds the commands of one sample were ended. */
  readonly commandSeconds: number;
  /** Whether names and addresses were replaced. */
  readonly redacted: boolean;
}

/** One answer of the probe, as the host sent it. */
export interface RecordedAnswer {
  /** Number of the request, unique within the recording. */
  readonly seq: number;
  /** Which sources were asked for. */
  readonly tiers: readonly Tier[];
  readonly parts: readonly RecordedPart[];
}

/** What root's probe answered, or why it did not. */
export type RootAnswer = { readonly kind: 'answer'; readonly answer: RecordedAnswer } | { readonly kind: 'failed'; readonly why: string };

/** What the keeper of a drop trace printed until it was ready, and until its end. */
export type RecordedTrace =
  | { readonly kind: 'printed'; readonly begun: string; readonly ended: string | undefined }
  | { readonly kind: 'failed'; readonly why: string };

/** Root's part of a watched window, as raw as the rest. */
export type RecordedRoot =
  | {
      readonly kind: 'looked';
      readonly hello: readonly RecordedPart[];
      readonly begin: RootAnswer;
      readonly trace: RecordedTrace;
      readonly end: RootAnswer;
    }
  /** Root did not look: what the report says about it. */
  | { readonly kind: 'without'; readonly why: Message; readonly how: Message | undefined };

/** Plain data of a JSON document. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/** A watched window: the answers that formed it, and the verdict that was given. */
export interface RecordedWindow {
  /** Milliseconds since the epoch at its end. */
  readonly at: number;
  /** Numbers of its answers, oldest first. */
  readonly answers: readonly number[];
  readonly root: RecordedRoot;
  /** The report in the shape of `diagnose --json`, as it was given. */
  readonly report: Json;
}

/** A command of a runbook that was run. */
export interface RecordedCommand {
  /** Milliseconds since the epoch when it ended. */
  readonly at: number;
  readonly runbook: string;
  readonly command: string;
  /** Hash of the script: another script under the same id is another command. */
  readonly hash: string;
  readonly script: string;
  /** Its parameters, in order. */
  readonly env: readonly (readonly [name: string, value: string])[];
  /** Exit status; `null` when it was ended. */
  readonly exit: number | null;
  readonly seconds: number;
  /** stdout and stderr, safe to show as plain text. */
  readonly output: string;
  readonly truncated: boolean;
  readonly timedOut: boolean;
}

/** A change that was made to the host, as it was made, undone or kept. */
export interface RecordedChange {
  /** Milliseconds since the epoch. */
  readonly when: number;
  readonly title: string;
  /** What was done, a line each: settings with their values, files that were written, commands. */
  readonly commands: readonly string[];
  /** The values before and after, as the host spells them; empty where there was none. */
  readonly before: string;
  readonly after: string;
  /** What became of it: `kept`, `undone` … as a sentence for people. */
  readonly outcome: string;
  /** What was measured before and after; empty where nothing was. */
  readonly proof: string;
}

/** Everything that a recording holds. */
export interface Recording {
  readonly header: RecordingHeader;
  /** What the probe said when it began: what the host has. */
  readonly hello: readonly RecordedPart[];
  /** Oldest first. */
  readonly answers: readonly RecordedAnswer[];
  readonly windows: readonly RecordedWindow[];
  readonly commands: readonly RecordedCommand[];
  readonly changes: readonly RecordedChange[];
}

/** Makes a hexadecimal SHA-256 of a text's UTF-8 form. */
export type Sha256 = (text: string) => string;
