import * as v from 'valibot';

/** An id that the server made. */
const Id = v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/));

/** Refused before anything was changed: what, and what to do about it. */
const Refused = v.object({ kind: v.literal('refused'), why: v.string(), how: v.nullable(v.string()) });

/** Which cure of which version of which runbook. Ids only: the server holds what it does. */
export const FixName = v.object({
  target: v.pipe(v.string(), v.maxLength(1024)),
  runbook: v.string(),
  hash: v.string(),
  fix: v.string(),
});
export type FixName = v.InferOutput<typeof FixName>;

/** What a person chooses from before a plan is made. `rows: null`: the fix is for the host as a whole. */
export const FixOffer = v.variant('kind', [
  v.object({
    kind: v.literal('offer'),
    title: v.string(),
    /** Live rows, those with a finding first. `row` is a key of the server's, `label` and `detail` are for people. */
    rows: v.nullable(v.array(v.object({ row: v.string(), label: v.string(), detail: v.string() }))),
  }),
  Refused,
]);
export type FixOffer = v.InferOutput<typeof FixOffer>;

export const PlanStep = v.object({
  /** `net.core.somaxconn`. */
  name: v.string(),
  before: v.string(),
  after: v.string(),
  /** Whether the person may give another value than `after`. */
  asked: v.boolean(),
});
export type PlanStep = v.InferOutput<typeof PlanStep>;

/** A change as it is shown before a person agrees to it; nothing was changed to make it. */
export const PlanView = v.object({
  plan: Id,
  title: v.string(),
  risk: v.picklist(['changes', 'disruptive']),
  /** The host's own name, and as whom it is changed. */
  host: v.string(),
  user: v.string(),
  steps: v.array(PlanStep),
  /** Exact shell text of the change and of its undoing, one command per line. */
  commands: v.array(v.string()),
  undo: v.array(v.string()),
  /** Side effects. */
  effect: v.string(),
  /** What must be done on the host before it can take effect. */
  then: v.nullable(v.string()),
  /** Signals that must stop moving. */
  watch: v.array(v.string()),
  /** After how many seconds the host undoes the change unless it is kept. */
  seconds: v.number(),
});
export type PlanView = v.InferOutput<typeof PlanView>;

/** `setting`: the index of the step whose value cannot be set, where it is one. */
export const PlanResult = v.variant('kind', [
  v.object({ kind: v.literal('plan'), plan: PlanView }),
  v.object({ ...Refused.entries, setting: v.nullable(v.number()) }),
]);
export type PlanResult = v.InferOutput<typeof PlanResult>;

export const ProofView = v.object({
  verdict: v.picklist(['stopped', 'less', 'same', 'quiet']),
  /** One sentence: `ListenOverflows 5.1/s → 0/s`. Lines are per second, unless they are a `level`. */
  sentence: v.string(),
  lines: v.array(v.object({ signal: v.string(), before: v.number(), after: v.number(), level: v.boolean() })),
});
export type ProofView = v.InferOutput<typeof ProofView>;

/**
 * Where a change stands. `deadline`: when the host undoes it, in milliseconds since the epoch by this machine's clock.
 *
 * `before`: the counters are watched before the change · `arming`: the host gets ready to undo it · `trial`: it is made,
 * and the host undoes it at the deadline (`measuring`: the counters are being watched) · `deciding`: a decision is being
 * carried out · `over`: `outcome` says how.
 */
export const ChangePhase = v.variant('kind', [
  v.object({ kind: v.literal('before'), seconds: v.number() }),
  v.object({ kind: v.literal('arming') }),
  v.object({ kind: v.literal('trial'), deadline: v.number(), measuring: v.boolean() }),
  v.object({ kind: v.literal('deciding') }),
  v.object({
    kind: v.literal('over'),
    /**
     * `kept` · `undone`: by the person, or because nothing improved · `late`: by the host, because nobody confirmed ·
     * `failed`: could not be made, the host is as before · `unheard`: the connection was lost; the host undoes it by
     * itself · `stuck`: could not be undone, a person must.
     */
    outcome: v.picklist(['kept', 'undone', 'late', 'failed', 'unheard', 'stuck']),
    /** One or two sentences. */
    text: v.string(),
  }),
]);
export type ChangePhase = v.InferOutput<typeof ChangePhase>;

/** Server → extension: a change under way, whenever something of it changes. */
export const ChangeState = v.object({
  target: v.string(),
  change: Id,
  runbook: v.string(),
  fix: v.string(),
  title: v.string(),
  host: v.string(),
  steps: v.array(PlanStep),
  then: v.nullable(v.string()),
  phase: ChangePhase,
  proof: v.nullable(ProofView),
});
export type ChangeState = v.InferOutput<typeof ChangeState>;

/** One entry of a host's change log. */
export const LoggedChange = v.object({
  change: Id,
  /** Milliseconds since the epoch. */
  at: v.number(),
  target: v.string(),
  host: v.string(),
  title: v.string(),
  runbook: v.string(),
  fix: v.string(),
  steps: v.array(PlanStep),
  outcome: v.picklist(['kept', 'undone', 'late', 'failed', 'unheard', 'stuck']),
  proof: v.nullable(ProofView),
  /** Files that keep the change over a reboot. */
  persisted: v.array(v.object({ path: v.string(), at: v.number() })),
  /** `in-effect`: as far as is known · `undone` · `gone`: the host was started again since, and no file keeps it. */
  standing: v.picklist(['in-effect', 'undone', 'gone']),
});
export type LoggedChange = v.InferOutput<typeof LoggedChange>;

/** What came of undoing one change of the log. */
export const UndoneChange = v.object({
  change: Id,
  title: v.string(),
  /** `conflict`: it has another value than we gave it; nothing was done. */
  result: v.picklist(['undone', 'already', 'conflict', 'failed']),
  text: v.string(),
});
export type UndoneChange = v.InferOutput<typeof UndoneChange>;

/** A file that would keep a change over a reboot, and what it would hold. */
export const FileEdit = v.object({
  edit: Id,
  /** `sysctl.d`, `systemd .link` …: what this host uses. */
  means: v.string(),
  path: v.string(),
  /** `null`: there is no such file yet. */
  before: v.nullable(v.string()),
  after: v.string(),
  /** What a person should know: another file sets the same, how it is loaded … */
  notes: v.array(v.string()),
});
export type FileEdit = v.InferOutput<typeof FileEdit>;

export const PersistOffer = v.variant('kind', [v.object({ kind: v.literal('offer'), host: v.string(), edits: v.array(FileEdit) }), Refused]);
export type PersistOffer = v.InferOutput<typeof PersistOffer>;

export const Done = v.variant('kind', [v.object({ kind: v.literal('done'), text: v.string() }), Refused]);
export type Done = v.InferOutput<typeof Done>;

export { Id as ChangeId };
