import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';

const Current = v.object({ value: v.string(), state: v.string() });

const Rule = v.variant('backend', [
  v.object({ backend: v.literal('nft'), family: v.string(), table: v.string(), chain: v.string(), handle: v.number() }),
  v.object({
    backend: v.picklist(['iptables', 'ip6tables', 'iptables-legacy', 'ip6tables-legacy']),
    table: v.string(),
    chain: v.string(),
    position: v.number(),
  }),
]);

/** `Setting` of core/fix/types.ts, as it is kept. */
const Setting = v.variant('kind', [
  v.object({ kind: v.literal('sysctl'), path: v.string(), index: v.nullable(v.number()) }),
  v.object({ kind: v.literal('link'), dev: v.string(), attribute: v.picklist(['mtu', 'txqueuelen', 'state']) }),
  v.object({ kind: v.literal('qdisc'), dev: v.string(), parent: v.string(), option: v.literal('limit') }),
  v.object({ kind: v.literal('rule'), rule: Rule }),
  v.object({ kind: v.literal('route'), family: v.picklist([4, 6]), table: v.string(), type: v.string(), destination: v.string() }),
  v.object({ kind: v.literal('ethtool'), dev: v.string(), group: v.picklist(['ring', 'feature', 'channels']), name: v.string() }),
]);

const Proof = v.object({
  verdict: v.picklist(['stopped', 'less', 'same', 'quiet']),
  lines: v.array(v.object({ signal: v.string(), before: v.number(), after: v.number(), level: v.boolean() })),
  seconds: v.tuple([v.number(), v.number()]),
});

/** One change as it is kept on this machine: enough to undo it days later. */
export const Entry = v.object({
  id: v.string(),
  /** Milliseconds since the epoch. */
  at: v.number(),
  target: v.string(),
  host: v.string(),
  bootId: v.string(),
  title: v.string(),
  runbook: v.string(),
  fix: v.string(),
  steps: v.array(v.object({ setting: Setting, name: v.string(), before: Current, after: v.string() })),
  /** `unheard` from before it is made until its end is known: a process that dies leaves the truth behind. */
  outcome: v.picklist(['kept', 'undone', 'late', 'failed', 'unheard', 'stuck']),
  proof: v.nullable(Proof),
  /** Files as they were and as we wrote them; `before: null`: there was none. */
  persisted: v.array(v.object({ path: v.string(), at: v.number(), before: v.nullable(v.string()), after: v.string() })),
  /** When it was undone after having been kept. */
  undoneAt: v.nullable(v.number()),
  /** When the host has undone it at the latest, unless it was kept; milliseconds since the epoch. */
  overBy: v.exactOptional(v.number()),
});
export type Entry = v.InferOutput<typeof Entry>;

const File = v.object({ version: v.literal(1), entries: v.array(Entry) });

/** More than anybody looks back at; the oldest go first. */
const MOST_ENTRIES = 500;

/**
 * The changes that were made on hosts, one file for each host, readable by this user alone. A file that cannot be
 * understood is an error for whoever asks: to begin anew would forget how to undo.
 */
export class ChangeLog {
  readonly #folder: string;
  /** Writes follow one another, so that none is lost. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Entries of a target, the oldest first, with all that was put until then. */
  async of(target: string): Promise<readonly Entry[]> {
    await this.#last;
    return this.#read(target);
  }

  async #read(target: string): Promise<readonly Entry[]> {
    let text: string;
    try {
      text = await readFile(this.#path(target), 'utf8');
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
      throw error;
    }
    return v.parse(File, JSON.parse(text)).entries;
  }

  /** Adds an entry, or takes the place of the one with its id. */
  async put(entry: Entry): Promise<void> {
    return this.update(entry.target, (entries) => {
      const isThere = entries.some(({ id }) => id === entry.id);
      return isThere ? entries.map((one) => (one.id === entry.id ? entry : one)) : [...entries, entry];
    });
  }

  /** Changes entries of a target in one step: all of it is kept, or nothing. */
  async update(target: string, change: (entries: readonly Entry[]) => readonly Entry[]): Promise<void> {
    const turn = this.#last.then(async () => this.#write(target, change(await this.#read(target))));
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  async #write(target: string, entries: readonly Entry[]): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const path = this.#path(target);
    const fresh = `${path}.${randomBytes(6).toString('hex')}`;
    await writeFile(fresh, JSON.stringify({ version: 1, entries: entries.slice(-MOST_ENTRIES) }), { mode: 0o600 });
    await rename(fresh, path);
  }

  /** A target's name may hold what a file name cannot. */
  #path(target: string): string {
    return join(this.#folder, `${createHash('sha256').update(target).digest('hex').slice(0, 32)}.json`);
  }
}
