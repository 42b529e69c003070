import { randomBytes } from 'node:crypto';
import { inline } from '../../collect/sanitize.js';
import { candidatesFor, wantedFor } from '../../core/fix/persist/candidates.js';
import type { Candidate, Kept } from '../../core/fix/persist/types.js';
import { msg, type Message } from '../../core/message.js';
import { readTextFile, writeTextFile } from '../../engine/hostFile.js';
import { readHostFacts } from '../../engine/hostFacts.js';
import type { Translate } from '../../engine/report.js';
import { readSettings, type RootAt } from '../../engine/settings.js';
import type { Done, PersistOffer } from '../../protocol/change.js';
import type { Namespace } from '../../collect/target.js';
import type { Targets } from '../targets.js';
import type { ChangeLog, Entry } from './log.js';

export interface PersistDeps {
  readonly targets: Targets;
  readonly log: ChangeLog;
  readonly translate: Translate;
  /** Root on a target. Rejects with a TransportError. */
  readonly rootAt: (target: string, signal: AbortSignal) => Promise<RootAt>;
  readonly now: () => number;
}

interface Refusal {
  readonly kind: 'refused';
  readonly why: Message;
  readonly how?: Message;
}

/** How long an offered edit stands: what it shows of the host grows old. */
const OFFER_MS = 10 * 60_000;

/** What keeps changes over a reboot: the files that would, and the writing of one of them after a person saw it. */
export class Persisting {
  readonly #deps: PersistDeps;
  readonly #edits = new Map<string, { readonly target: string; readonly change: string; readonly candidate: Candidate; readonly at: number }>();

  constructor(deps: PersistDeps) {
    this.#deps = deps;
  }

  /** The files that would keep a change on this host. Changes nothing. Rejects with a TransportError. */
  async offer(target: string, change: string, signal: AbortSignal): Promise<PersistOffer> {
    const { targets, translate, rootAt, now } = this.#deps;
    const { live } = targets.get(target);
    const found = await this.#standing(live.uri, change, signal);
    if (found.kind === 'refused') return this.#refused(found);
    const at = await rootAt(live.uri, signal);
    const { entry, kept } = found;
    const read = await readHostFacts(at, wantedFor(kept.map(({ setting }) => setting)), signal);
    if (read.kind === 'refused') return this.#refused(read);
    const date = new Date(now()).toISOString().slice(0, 10);
    const offered = candidatesFor(kept, read.facts, { change: entry.id.slice(0, 8), title: entry.title, date });
    if (offered.kind === 'refused') return this.#refused({ kind: 'refused', why: offered.why, ...(offered.how === undefined ? {} : { how: offered.how }) });
    this.#forgetOld();
    const edits = offered.candidates.map((candidate) => {
      const edit = randomBytes(16).toString('hex');
      this.#edits.set(edit, { target: live.uri, change, candidate, at: now() });
      const { means, path, before, after, notes } = candidate;
      return { edit, means, path: inline(path), before, after, notes: notes.map((note) => inline(translate(note))) };
    });
    return { kind: 'offer', host: inline(live.host?.name ?? entry.host), edits };
  }

  /**
   * Writes an offered file as it was shown. The log knows of it before it is written, so that it can be undone whatever
   * becomes of this process; what could not be written is taken out of the log again. Rejects with a TransportError.
   */
  async apply(target: string, change: string, edit: string, signal: AbortSignal): Promise<Done> {
    const { targets, log, rootAt, now } = this.#deps;
    const { live } = targets.get(target);
    const offered = this.#edits.get(edit);
    if (offered === undefined || offered.target !== live.uri || offered.change !== change || now() - offered.at > OFFER_MS) {
      return this.#refused({ kind: 'refused', why: msg('This preview is too old. Look at the file once more.') });
    }
    const found = await this.#standing(live.uri, change, signal);
    if (found.kind === 'refused') return this.#refused(found);
    const { path, before, after } = offered.candidate;
    const at = await rootAt(live.uri, signal);
    const present = await readTextFile(at, path, signal);
    if (present.kind === 'refused') return this.#refused(present);
    if (present.text === after && found.entry.persisted.some((file) => file.path === path && file.after === after)) return this.#done(path);
    if (present.text !== before) return this.#refused({ kind: 'refused', why: msg('{0} was changed since it was shown. Nothing was written.', path) });
    const record = { path, at: now(), before, after };
    const edited = (persisted: (files: Entry['persisted']) => Entry['persisted']): Promise<void> =>
      log.update(live.uri, (entries) => entries.map((entry) => (entry.id === change ? { ...entry, persisted: persisted(entry.persisted) } : entry)));
    await edited((files) => [...files, record]);
    const problem = await writeTextFile(at, path, after, signal, before);
    const again = await readTextFile(at, path, signal);
    if (again.kind === 'text' && again.text === after) return this.#done(path);
    await edited((files) => files.filter((file) => file.path !== path || file.at !== record.at));
    return this.#refused({ kind: 'refused', why: problem ?? msg('{0} does not hold what was written into it.', path) });
  }

  /** The change and what it set, where it is in effect on the host at present. */
  async #standing(uri: string, change: string, signal: AbortSignal): Promise<Refusal | { readonly kind: 'standing'; readonly entry: Entry; readonly kept: readonly Kept[] }> {
    const { targets, log, rootAt } = this.#deps;
    const { target } = targets.get(uri).live;
    const entry = (await log.of(uri)).find(({ id }) => id === change);
    if (entry === undefined) return { kind: 'refused', why: msg('The change log knows of no such change.') };
    if (entry.outcome !== 'kept' || entry.undoneAt !== null) return { kind: 'refused', why: msg('This change is not in effect any more.') };
    if (target.kind !== 'recording' && target.namespace.kind !== 'host') return elsewhere(target.namespace);
    const read = await readSettings(await rootAt(uri, signal), entry.steps.map(({ setting }) => setting), signal);
    if (read.kind === 'refused') return { kind: 'refused', why: read.why };
    const kept: Kept[] = [];
    for (const [index, { setting, name, before, after }] of entry.steps.entries()) {
      const current = read.currents[index];
      if (current?.value !== after) return { kind: 'refused', why: msg('This change is not in effect any more: {0} is {1}, not {2}.', name, current?.value ?? '–', after) };
      if (before.value !== after) kept.push({ setting, name, before, value: after, state: current.state });
    }
    return { kind: 'standing', entry, kept };
  }

  #done(path: string): Done {
    return { kind: 'done', text: inline(this.#deps.translate(msg('{0} was written. It is read at the next boot; the running value is set already.', path))) };
  }

  #refused({ why, how }: Refusal): { readonly kind: 'refused'; readonly why: string; readonly how: string | null } {
    const { translate } = this.#deps;
    return { kind: 'refused', why: inline(translate(why)), how: how === undefined ? null : inline(translate(how)) };
  }

  #forgetOld(): void {
    for (const [id, { at }] of this.#edits) if (this.#deps.now() - at > OFFER_MS) this.#edits.delete(id);
  }
}

/** Files of the host are for the host's own namespace; others are made anew by whatever makes them. */
function elsewhere(namespace: Namespace): Refusal {
  const why = msg('A network namespace has no files of its own that are read at boot: what makes it has to set this.');
  switch (namespace.kind) {
    case 'container':
      return { kind: 'refused', why, how: msg('For a container: “docker run --sysctl KEY=VALUE”, “sysctls:” of its compose file, or securityContext.sysctls of its pod.') };
    default:
      return { kind: 'refused', why, how: msg('In the unit or script that makes it; for a unit with NetworkNamespacePath=, in ExecStartPre=.') };
  }
}
