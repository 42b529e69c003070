import * as v from 'valibot';
import { ChangeId, ChangeState, Done, FixName, FixOffer, LoggedChange, PersistOffer, PlanResult, UndoneChange } from './change.js';
import { BothEndsReport, SeenFlowItem } from './bothEnds.js';
import { DiagnosisReport } from './diagnosis.js';
import { NamespaceList } from './namespaces.js';
import { RunbookDocument, RunbookUpdate, RunResult } from './runbook.js';
import { TreeUpdate } from './tree.js';

/** Raised when the two sides do not speak the same version; both are shipped together. */
export const PROTOCOL_VERSION = 1;

/** A request: its method, and the schemas of what goes out and what comes back. Both ends validate with them. */
export interface RequestSpec<P extends v.GenericSchema, R extends v.GenericSchema> {
  readonly method: string;
  readonly params: P;
  readonly result: R;
}

/** A notification: its method and the schema of what it carries. */
export interface NotificationSpec<P extends v.GenericSchema> {
  readonly method: string;
  readonly params: P;
}

const request = <P extends v.GenericSchema, R extends v.GenericSchema>(
  method: string,
  params: P,
  result: R,
): RequestSpec<P, R> => ({ method: `droplens/${method}`, params, result });

const notification = <P extends v.GenericSchema>(method: string, params: P): NotificationSpec<P> => ({
  method: `droplens/${method}`,
  params,
});

/** A target URI as text, e.g. `local:/`, `ssh://web-1/`. */
const Target = v.pipe(v.string(), v.maxLength(1024));
const Ack = v.object({});

/** An absolute path of a file that a person chose. */
const Path = v.pipe(v.string(), v.minLength(1), v.maxLength(4096));

/** What a secret opens. The passphrase of a key whose public half is known and a password can be kept; a question's answer never. */
const SecretAbout = v.variant('kind', [
  v.object({ kind: v.literal('passphrase'), file: v.string(), fingerprint: v.nullable(v.string()) }),
  v.object({ kind: v.literal('password'), hostKey: v.string() }),
  v.object({ kind: v.literal('question') }),
]);
export type SecretAbout = v.InferOutput<typeof SecretAbout>;

/** How SSH connections are made; a change takes effect with the next one. */
const SshOptions = v.object({
  client: v.picklist(['auto', 'ssh2', 'system']),
  /** The configuration file to use instead of the usual ones; `~/` stands for the home folder. */
  configFile: v.nullable(v.string()),
  /** Whether programs that the configuration names may be run: the workspace is trusted. */
  mayRunPrograms: v.boolean(),
});
export type SshOptions = v.InferOutput<typeof SshOptions>;

/** Values for a command's parameters; the server validates each by its kind. */
const Params = v.record(v.string(), v.pipe(v.string(), v.maxLength(2048)));

/** Extension → server. */
export const Requests = {
  /** Whether this machine can be looked at; `why` when not. */
  local: request(
    'local',
    v.object({}),
    v.variant('available', [
      v.object({ available: v.literal(true), host: v.string() }),
      v.object({ available: v.literal(false), why: v.string() }),
    ]),
  ),
  /** Connects (asks through `askHostKey`, `askSecret` if `interactive`). Fails with a sentence for people. */
  connect: request(
    'connect',
    v.object({ target: Target, interactive: v.boolean() }),
    v.object({
      name: v.string(),
      kernel: v.string(),
      bootId: v.string(),
      uid: v.nullable(v.number()),
      /** When it was recorded, in milliseconds since the epoch; `null` for a host itself. */
      recorded: v.optional(v.nullable(v.number()), null),
    }),
  ),
  disconnect: request('disconnect', v.object({ target: Target }), Ack),
  /** Sampling goes on while the tree or a runbook of the target is visible. */
  watch: request('watch', v.object({ target: Target, tree: v.boolean(), intervalMs: v.number() }), Ack),
  /** Asks for a complete tree update. */
  refreshTree: request('tree/refresh', v.object({ target: Target }), Ack),
  /**
   * Watches the window and answers with the verdict; cancellable; sends `diagnoseProgress`. `root`: a person agreed that the
   * `rootCommands` run as root on this host; asks through `askSecret` where sudo wants a password.
   */
  diagnose: request('diagnose', v.object({ target: Target, seconds: v.number(), root: v.optional(v.boolean(), false) }), DiagnosisReport),
  /** The flows between two hosts, the busiest of one second first; cancellable. Connects both, and asks where it must. */
  flows: request('flows', v.object({ a: Target, b: Target }), v.object({ flows: v.array(SeenFlowItem) })),
  /** Watches a flow on both its hosts and says where it loses; cancellable; sends `diagnoseProgress` for `a`. */
  bothEnds: request('bothEnds', v.object({ a: Target, b: Target, flow: v.pipe(v.string(), v.maxLength(512)), seconds: v.number() }), BothEndsReport),
  /** Reads a recording's file and says under which target it is looked at. Fails with a sentence that says what is wrong with it. */
  openRecording: request('recording/open', v.object({ path: Path }), v.object({ target: Target })),
  /** Writes what was seen of a target to a file, in place of one that is there; the person has agreed to that. */
  saveRecording: request('recording/save', v.object({ target: Target, path: Path, redact: v.boolean() }), Ack),
  /** The incident report of what was seen of a target, as Markdown. */
  incident: request('recording/report', v.object({ target: Target, redact: v.boolean(), timeZone: v.pipe(v.string(), v.maxLength(100)) }), v.object({ markdown: v.string() })),
  /** What runs as root in a diagnosis with `root`, in order: what a person is shown before they agree. */
  rootCommands: request('rootCommands', v.object({}), v.object({ commands: v.array(v.object({ line: v.string(), why: v.string() })) })),
  /** Opens a runbook for a target; its live state follows by `runbookUpdate` while `visible`. */
  openRunbook: request('runbook/open', v.object({ target: Target, runbook: v.string() }), RunbookDocument),
  watchRunbook: request(
    'runbook/watch',
    v.object({ target: Target, runbook: v.string(), visible: v.boolean() }),
    Ack,
  ),
  /** Runs a command of a runbook by id and interprets its output. */
  runCommand: request(
    'runbook/run',
    v.object({ target: Target, runbook: v.string(), hash: v.string(), command: v.string(), params: Params }),
    RunResult,
  ),
  /**
   * The command with its parameters set in front, quoted. `text` is for reading and for Copy and may have several lines;
   * `line` means the same, has no line break, and is what Terminal types.
   */
  commandText: request(
    'runbook/text',
    v.object({ target: Target, runbook: v.string(), hash: v.string(), command: v.string(), params: Params }),
    v.variant('kind', [
      v.object({ kind: v.literal('text'), text: v.string(), line: v.string() }),
      v.object({ kind: v.literal('refused'), why: v.string() }),
    ]),
  ),
  /** Checks one parameter value while the person types; `problem: null` = acceptable. */
  checkParam: request(
    'runbook/checkParam',
    v.object({ name: v.string(), value: v.string() }),
    v.object({ problem: v.nullable(v.string()) }),
  ),
  /** What can be chosen before a plan of a fix is made. Asks nothing of the host. */
  fixOffer: request('fix/offer', FixName, FixOffer),
  /**
   * Reads what a fix would change and answers with the plan, which stands for some minutes. `values`: for the steps that
   * ask, by their index; the proposed one stands for one that is missing. May ask for sudo's password.
   */
  fixPlan: request(
    'fix/plan',
    v.object({ ...FixName.entries, row: v.nullable(v.string()), values: v.record(v.string(), v.pipe(v.string(), v.maxLength(256))) }),
    PlanResult,
  ),
  /**
   * A person agreed to this plan: makes the change. Answers when it is under way or refused; what follows comes as
   * `change`. Refused when anything is not as the plan says any more.
   */
  fixApply: request(
    'fix/apply',
    v.object({ target: Target, plan: ChangeId, seconds: v.number() }),
    v.variant('kind', [
      v.object({ kind: v.literal('begun'), change: ChangeId }),
      v.object({ kind: v.literal('refused'), why: v.string(), how: v.nullable(v.string()) }),
    ]),
  ),
  /** Keeps or undoes a change that is on trial, or watches its counters once more. */
  fixDecide: request(
    'fix/decide',
    v.object({ target: Target, change: ChangeId, decision: v.picklist(['keep', 'undo', 'measure']) }),
    Done,
  ),
  /** Changes of this host that are known here, the latest first, those under way not among them. */
  changes: request('changes/list', v.object({ target: Target }), v.object({ changes: v.array(LoggedChange) })),
  /** Undoes these changes, the latest first; `force`: also where the host has another value by now. */
  undoChanges: request(
    'changes/undo',
    v.object({ target: Target, changes: v.array(ChangeId), force: v.boolean() }),
    v.object({ results: v.array(UndoneChange) }),
  ),
  /** Which files would keep a change over a reboot on this host. Changes nothing. */
  persistOffer: request('persist/offer', v.object({ target: Target, change: ChangeId }), PersistOffer),
  /** Writes one of the offered files, as it was shown; refused when the file is not as it was then. */
  persistApply: request('persist/apply', v.object({ target: Target, change: ChangeId, edit: ChangeId }), Done),
  /** Network namespaces, containers and pods on the host of a target. Connects if need be. */
  namespaces: request('namespaces', v.object({ target: Target }), NamespaceList),
  /** Host names of the ssh configuration, for the picker. */
  sshHosts: request('ssh/hosts', v.object({}), v.object({ hosts: v.array(v.string()) })),
  /** Host keys that a person accepted here, which are kept apart from known_hosts. */
  hostKeys: request(
    'hostKeys',
    v.object({}),
    v.object({ keys: v.array(v.object({ host: v.string(), keyType: v.string(), fingerprint: v.string() })) }),
  ),
  /** Forgets one of `hostKeys`; `forgotten: false` when it was not there any more. */
  forgetHostKey: request(
    'hostKeys/forget',
    v.object({ host: v.string(), fingerprint: v.string() }),
    v.object({ forgotten: v.boolean() }),
  ),
  /** Opens an interactive shell on an SSH target over the connection that exists. */
  openTerminal: request(
    'terminal/open',
    v.object({ target: Target, columns: v.number(), rows: v.number() }),
    v.object({ terminal: v.string() }),
  ),
  /** How a terminal for a `local:` target is started: program and arguments, empty for the default shell. */
  terminalCommand: request(
    'terminal/command',
    v.object({ target: Target }),
    v.variant('kind', [
      v.object({ kind: v.literal('shell'), argv: v.array(v.string()) }),
      v.object({ kind: v.literal('remote') }),
    ]),
  ),
} as const;

/** Extension → server. */
export const ClientNotifications = {
  terminalInput: notification('terminal/input', v.object({ terminal: v.string(), data: v.string() })),
  terminalResize: notification(
    'terminal/resize',
    v.object({ terminal: v.string(), columns: v.number(), rows: v.number() }),
  ),
  terminalClose: notification('terminal/close', v.object({ terminal: v.string() })),
  /** Forgets the passwords that the server keeps in its memory. */
  forgetPasswords: notification('passwords/forget', v.object({})),
  /** The settings, or the trust in the workspace, have changed. */
  sshOptions: notification('ssh/options', SshOptions),
} as const;

/** Server → extension. */
export const ServerNotifications = {
  tree: notification('tree', TreeUpdate),
  runbook: notification('runbook/state', RunbookUpdate),
  change: notification('change', ChangeState),
  diagnoseProgress: notification(
    'diagnose/progress',
    v.object({ target: Target, elapsed: v.number(), seconds: v.number(), text: v.string() }),
  ),
  terminalData: notification('terminal/data', v.object({ terminal: v.string(), data: v.string() })),
  terminalExit: notification('terminal/exit', v.object({ terminal: v.string(), exit: v.nullable(v.number()) })),
  /**
   * What the latest answer to `askSecret` about this was worth. `unknown`: the connection ended before anybody could tell.
   * Only after `right` may it be kept, and after `wrong` a kept one is dropped.
   */
  secretProved: notification(
    'ask/proved',
    v.object({ host: v.string(), about: SecretAbout, worth: v.picklist(['right', 'wrong', 'unknown']) }),
  ),
} as const;

/** Server → extension, answered by a person. */
export const ServerRequests = {
  /**
   * An unknown host key, in OpenSSH's words. Only `trust: true` connects. `asked` is what the person typed or picked, `host`
   * the name or address under which the key is recorded; `alreadyKnown` are the types of other keys on record for it.
   */
  askHostKey: request(
    'ask/hostKey',
    v.object({
      asked: v.string(),
      host: v.string(),
      keyType: v.string(),
      fingerprint: v.string(),
      hop: v.nullable(v.string()),
      alreadyKnown: v.array(v.string()),
    }),
    v.object({ trust: v.boolean() }),
  ),
  /**
   * A password, passphrase or keyboard-interactive answer. `value: null` = cancelled, or not `interactive` and none kept.
   * `wrong` answers were given before; cancelled when the connection no longer waits for it.
   */
  askSecret: request(
    'ask/secret',
    v.object({
      host: v.string(),
      prompt: v.string(),
      echo: v.boolean(),
      about: SecretAbout,
      wrong: v.number(),
      interactive: v.boolean(),
    }),
    v.object({ value: v.nullable(v.string()) }),
  ),
} as const;

/** What the extension gives the server when it starts. */
export const InitializationOptions = v.object({
  protocol: v.literal(PROTOCOL_VERSION),
  /** Folder of the runbooks. */
  runbooks: v.string(),
  /** Contents of the localisation bundle, when the display language is not English. */
  l10n: v.nullable(v.record(v.string(), v.string())),
  /** Folder for our own host key store. */
  storage: v.string(),
  ssh: v.optional(SshOptions, { client: 'auto', configFile: null, mayRunPrograms: false }),
});
export type InitializationOptions = v.InferOutput<typeof InitializationOptions>;
