import { changeOf, type Count } from '../count.js';
import type { Facts, Row, TableName } from '../facts.js';
import type { Reading, Sample } from '../sample.js';
import type { SourceId } from '../sources.js';

/** A counter between the first and the last reading of its source. */
export interface CounterWindow {
  readonly before: Count;
  readonly after: Count;
  /** Increase, wrap corrected; `undefined` when the counter was reset in between or was read only once. */
  readonly delta: number | undefined;
  /** Seconds between the two readings by the host's clock; 0 when it was read only once. */
  readonly seconds: number;
}

/** A level over all readings of the window. */
export interface LevelWindow {
  readonly before: number;
  readonly after: number;
  readonly min: number;
  readonly max: number;
}

/** One interface, qdisc, socket … over the window. */
export interface RowWindow {
  readonly table: TableName;
  readonly key: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly counters: ReadonlyMap<string, CounterWindow>;
  readonly levels: ReadonlyMap<string, LevelWindow>;
}

/** What a host did between the first and the last sample. The only input of diagnosis, tree and runbook. */
export interface WindowView {
  /** Length by the host's clock. */
  readonly seconds: number;
  readonly samples: number;
  readonly bootId: string;
  readonly counters: ReadonlyMap<string, CounterWindow>;
  readonly levels: ReadonlyMap<string, LevelWindow>;
  readonly texts: ReadonlyMap<string, string>;
  readonly rows: ReadonlyMap<TableName, ReadonlyMap<string, RowWindow>>;
  /** How many good readings of each source the window has: two make a difference. */
  readonly readings: ReadonlyMap<SourceId, number>;
  /** Sources that failed when they were last asked, and gave too little in the window to compare. */
  readonly unreadable: ReadonlyMap<SourceId, Unreadable>;
  /** Sources of which a part could not be understood in the latest reading, with the first thing that was wrong. */
  readonly partial: ReadonlyMap<SourceId, string>;
  /** Whether a namespace was looked at, which shares some of these counters with the rest of the host (core/namespaces). */
  readonly inNamespace?: boolean;
}

/** Whether there is nothing to compare with yet: totals and levels are known, and no rate is. */
export function isFirstLook(view: WindowView): boolean {
  return view.seconds <= 0;
}

type Unreadable = Extract<Reading, { state: 'unreadable' }>;

interface TimedFacts {
  readonly at: number;
  readonly facts: Facts;
}

/** A source's good readings in the window, oldest first. */
type Track = readonly TimedFacts[];

/**
 * Sums samples up to what moved between the first and the last reading of each source.
 *
 * Only samples of the newest run of the host's clock count: counters start again after a reboot, and a machine that
 * was set back to a snapshot has earlier ones, so that readings from before prove nothing. A source that failed in
 * between is compared across the gap. `spanSeconds` limits the look-back for live views: the baseline is then the
 * youngest reading at least that old, so that a seldom-read source still has one.
 */
export function observe(samples: readonly Sample[], spanSeconds?: number): WindowView {
  const current = newestRun(samples);
  const newest = current.at(-1);
  const builder = new WindowBuilder();
  const readings = new Map<SourceId, number>();
  const unreadable = new Map<SourceId, Unreadable>();
  const partial = new Map<SourceId, string>();
  for (const [source, { good, failed }] of tracksOf(current)) {
    const track = cut(good, spanSeconds);
    const last = track.at(-1);
    const late = failed !== undefined && (last === undefined || failed.at > last.at);
    const tooOld = late && last !== undefined && spanSeconds !== undefined && failed.at - last.at > spanSeconds;
    if (late && (track.length < 2 || tooOld)) unreadable.set(source, failed.reading);
    if (last === undefined || tooOld) continue;
    readings.set(source, track.length);
    const problem = last.facts.problems[0];
    if (problem !== undefined) partial.set(source, problem);
    builder.add(track);
  }
  const base = baseline(current.map((sample) => sample.hostSeconds), spanSeconds);
  const first = current[base];
  return {
    seconds: newest && first ? newest.hostSeconds - first.hostSeconds : 0,
    samples: current.length - base,
    bootId: newest?.bootId ?? '',
    counters: builder.counters,
    levels: builder.levels,
    texts: builder.texts,
    rows: builder.finishedRows(),
    readings,
    unreadable,
    partial,
    inNamespace: newest?.inNamespace === true,
  };
}

/**
 * What of the samples later looks with this span can need: of each source what was read since its baseline, however
 * seldom that is, and nothing of those that are read often and held for long.
 */
export function retain(samples: readonly Sample[], spanSeconds: number): readonly Sample[] {
  const current = newestRun(samples);
  const since = new Map<SourceId, number>();
  for (const [source, { good, failed }] of tracksOf(current)) since.set(source, cut(good, spanSeconds)[0]?.at ?? failed?.at ?? 0);
  return current.flatMap((sample) => {
    const needed = [...sample.readings].filter(([source]) => sample.hostSeconds >= (since.get(source) ?? 0));
    if (needed.length === 0) return [];
    return [needed.length === sample.readings.size ? sample : { ...sample, readings: new Map(needed) }];
  });
}

/** The samples of the newest boot since the host's clock last went back. */
function newestRun(samples: readonly Sample[]): readonly Sample[] {
  let from = samples.length - 1;
  for (; from > 0; from--) {
    const [before, after] = [samples[from - 1], samples[from]];
    if (before === undefined || after === undefined) break;
    if (before.bootId !== after.bootId || before.hostSeconds > after.hostSeconds) break;
  }
  return samples.slice(Math.max(0, from));
}

interface SourceHistory {
  /** Oldest first. */
  readonly good: TimedFacts[];
  failed: { readonly at: number; readonly reading: Unreadable } | undefined;
}

function tracksOf(samples: readonly Sample[]): ReadonlyMap<SourceId, SourceHistory> {
  const tracks = new Map<SourceId, SourceHistory>();
  for (const { readings, hostSeconds: at } of samples) {
    for (const [source, reading] of readings) {
      let track = tracks.get(source);
      if (track === undefined) tracks.set(source, (track = { good: [], failed: undefined }));
      if (reading.state === 'ok') track.good.push({ at, facts: reading.facts });
      else track.failed = { at, reading };
    }
  }
  return tracks;
}

function cut(track: Track, spanSeconds: number | undefined): Track {
  const base = baseline(track.map((entry) => entry.at), spanSeconds);
  return base > 0 ? track.slice(base) : track;
}

/** Index of the reading that the newest is compared with: the youngest that is at least `spanSeconds` old, else the oldest. */
function baseline(times: readonly number[], spanSeconds: number | undefined): number {
  const last = times.at(-1);
  if (spanSeconds === undefined || last === undefined) return 0;
  // The kernel's uptime has a resolution of 10 ms; readings that are meant to be `span` apart may look a little closer.
  return Math.max(0, times.findLastIndex((at) => last - at >= spanSeconds - 0.05));
}

class WindowBuilder {
  readonly counters = new Map<string, CounterWindow>();
  readonly levels = new Map<string, LevelWindow>();
  readonly texts = new Map<string, string>();
  #rows = new Map<TableName, Map<string, MutableRowWindow>>();

  add(track: Track): void {
    const first = track[0];
    const last = track.at(-1);
    if (first === undefined || last === undefined) return;
    const seconds = last.at - first.at;
    const once = track.length === 1;
    for (const [id, after] of last.facts.counters) {
      this.counters.set(id, counter(first.facts.counters.get(id), after, seconds, once));
    }
    for (const id of last.facts.gauges.keys()) {
      const level = levelOf(track, (entry) => entry.facts.gauges.get(id));
      if (level) this.levels.set(id, level);
    }
    for (const [id, text] of last.facts.texts) this.texts.set(id, text);
    this.#addRows(track, seconds, once);
  }

  #addRows(track: Track, seconds: number, once: boolean): void {
    const last = track.at(-1);
    // Most sources have no rows, and none of them needs an index of them.
    if (last === undefined || last.facts.rows.length === 0) return;
    const indexes = track.map((entry) => index(entry.facts.rows));
    for (const row of last.facts.rows) {
      const id = rowId(row);
      const before = indexes[0]?.get(id);
      const anew = before !== undefined && wasMadeAnew(before, row);
      const target = this.#row(row.table, row.key);
      for (const [name, text] of row.labels) target.labels.set(name, text);
      for (const [name, after] of row.counters) {
        const known = before?.counters.get(name) ?? (startsAtZero(row.table) && before === undefined ? 0 : undefined);
        const base = anew && known !== undefined && after < known ? undefined : known;
        target.counters.set(name, counter(base, after, seconds, once));
      }
      for (const name of row.gauges.keys()) {
        const level = levelOf(indexes, (rows) => rows.get(id)?.gauges.get(name) ?? absentLevel(row.table, name));
        if (level) target.levels.set(name, level);
      }
    }
  }

  #row(table: TableName, key: string): MutableRowWindow {
    let rows = this.#rows.get(table);
    if (rows === undefined) this.#rows.set(table, (rows = new Map()));
    let row = rows.get(key);
    if (row === undefined) {
      row = { table, key, labels: new Map(), counters: new Map(), levels: new Map() };
      rows.set(key, row);
    }
    return row;
  }

  finishedRows(): ReadonlyMap<TableName, ReadonlyMap<string, RowWindow>> {
    return this.#rows;
  }
}

interface MutableRowWindow extends RowWindow {
  readonly labels: Map<string, string>;
  readonly counters: Map<string, CounterWindow>;
  readonly levels: Map<string, LevelWindow>;
}

const rowId = (row: Row): string => `${row.table}\n${row.key}`;

function index(rows: readonly Row[]): Map<string, Row> {
  return new Map(rows.map((row) => [rowId(row), row]));
}

function counter(before: Count | undefined, after: Count, seconds: number, once: boolean): CounterWindow {
  if (before === undefined || once) return { before: before ?? after, after, delta: undefined, seconds: 0 };
  const change = changeOf(before, after);
  return { before, after, delta: change.kind === 'reset' ? undefined : change.delta, seconds };
}

/**
 * Whether a row is another thing under the same name (an interface that was removed and made again): one of its
 * counters was reset, and what looks like a wrap beside it is none.
 */
function wasMadeAnew(before: Row, after: Row): boolean {
  for (const [name, value] of after.counters) {
    const old = before.counters.get(name);
    if (old !== undefined && value < old && changeOf(old, value).kind === 'reset') return true;
  }
  return false;
}

/** Values that a reading does not have do not count. */
function levelOf<Reading>(readings: readonly Reading[], valueOf: (reading: Reading) => number | undefined): LevelWindow | undefined {
  let before: number | undefined;
  let after = 0;
  let min = Infinity;
  let max = -Infinity;
  for (const reading of readings) {
    const value = valueOf(reading);
    if (value === undefined) continue;
    before ??= value;
    after = value;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return before === undefined ? undefined : { before, after, min, max };
}

/**
 * Every UDP socket is listed in every reading, so one that was not there before began with zero drops; a drop trace
 * counts from the moment at which it is started.
 */
function startsAtZero(table: TableName): boolean {
  return table === 'udp' || table === 'drop';
}

/** Established sockets are listed only while a queue holds data: absence is an empty queue. */
function absentLevel(table: TableName, name: string): number | undefined {
  return table === 'socket' && (name === 'recv_q' || name === 'send_q') ? 0 : undefined;
}
