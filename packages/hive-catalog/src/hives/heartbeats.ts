import { performance } from "node:perf_hooks";
import { type Calls, tell } from "../calls.ts";
import type { RequestOptions, SqlClient, SqlResult, SqlStatement } from "../drivers/client.ts";
import { toCatalogError } from "../drivers/errors.ts";
import { hiveNotFound } from "../errors.ts";
import { turnOfTheLoop } from "../event-loop.ts";
import { checkHive, HeartbeatArgument, isKey, isTimeMs } from "../model/check.ts";
import { laterOf, latestBelievableMs } from "./heartbeat-rule.ts";
import { storeBeat, storeBeats, storeBeatsAndTell } from "./statements.ts";

type Beat = {
  readonly id: string;
  readonly timestampMs: number;
  /** By the monotonic clock. */
  readonly sinceMs: number;
  /** On a server with the deadline of this beat. */
  readonly request: RequestOptions;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
};

/** The ids that the catalog knows. */
type KnownIds = Pick<Set<string>, "has">;

type Options = {
  client: Pick<SqlClient, "execute">;
  calls: Pick<Calls, "requestOptions">;
  now: () => number;
  /** Told of each commit: how many beats it held, and how long it took. */
  onCommit: ((commit: { size: number; durationMs: number }) => unknown) | undefined;
};

/** Errors of a lock, or of a server, that did not come free in time. */
const ENDS_A_WAIT: ReadonlySet<string> = new Set(["CATALOG_BUSY", "CATALOG_UNAVAILABLE"]);
/** A timer may end so much too soon. */
const TIMER_ERROR_MS = 2;
/** Bounds how long one commit may hold the event loop; further beats wait for the next one. */
const MAX_GROUP_SIZE = 1024;

/**
 * Group commit: beats that arrive while a commit is running share the next one, which costs one lock and one sync of the
 * disk for all of them. Nobody is answered before the commit that holds its beat; a beat alone is stored at once. Between two groups the
 * event loop turns once.
 */
export class HeartbeatWriter {
  readonly #options: Options;
  #waiting: Beat[] = [];
  #running: Promise<void> | undefined;

  constructor(options: Options) {
    this.#options = options;
  }

  /** Resolves when the beat is stored. Throws INVALID_HIVE; rejects with HIVE_NOT_FOUND, or with the error of the commit. */
  store(id: string, timestampMs: number): Promise<void> {
    // Zod takes longer than all else that a beat in a group costs; it says what is wrong.
    if (!isKey(id) || !isTimeMs(timestampMs)) checkHive(HeartbeatArgument, { id, timestampMs });
    return new Promise((resolve, reject) => {
      const request = this.#options.calls.requestOptions();
      this.#waiting.push({ id, timestampMs, sinceMs: performance.now(), request, resolve, reject });
      this.#running ??= this.#run();
    });
  }

  async #run(): Promise<void> {
    try {
      await undefined; // Beats of the same tick share the first commit.
      while (this.#waiting.length > 0) {
        await this.#storeNext();
        await turnOfTheLoop();
      }
    } finally {
      this.#running = undefined;
    }
  }

  async #storeNext(): Promise<void> {
    const group = this.#waiting.splice(0, MAX_GROUP_SIZE);
    const startedMs = performance.now();
    const stored = await this.#commit(group, startedMs);
    if (stored === undefined) return;
    tell(this.#options.onCommit, { size: group.length, durationMs: performance.now() - startedMs });
    for (const { id, resolve, reject } of group) {
      if (stored.has(id)) resolve();
      else reject(hiveNotFound(id));
    }
  }

  /** The hives of the group that are there; undefined when it could not be committed, and its callers were told so. */
  async #commit(group: Beat[], startedMs: number): Promise<KnownIds | undefined> {
    try {
      const [beat] = group;
      return await (group.length === 1 && beat ? this.#storeOne(beat) : this.#storeGroup(group));
    } catch (error) {
      const ended = ENDS_A_WAIT.has(toCatalogError(error).code) ? this.#endedWith(group, startedMs) : group;
      for (const { reject } of ended) reject(error);
      return undefined;
    }
  }

  /** Those of a group, or behind it, that have waited for as long as they may; the others of it wait on. */
  #endedWith(group: Beat[], startedMs: number): Beat[] {
    const atMs = performance.now() + TIMER_ERROR_MS;
    const isLate = ({ request: { deadlineMs = Infinity } }: Beat) => deadlineMs <= atMs;
    if (group[0] === undefined || !isLate(group[0])) return [...group, ...this.#waitingSince(startedMs)];
    this.#waiting.unshift(...group.filter((beat) => !isLate(beat)));
    return group.filter(isLate);
  }

  /**
   * The beats that wait since then, taken out. Where a group waited in vain they have waited as long: a group of their own for each
   * thousand of them would wait for its own time once more.
   */
  #waitingSince(sinceMs: number): Beat[] {
    const later = this.#waiting.findIndex((beat) => beat.sinceMs > sinceMs);
    return this.#waiting.splice(0, later < 0 ? this.#waiting.length : later);
  }

  /** A tenth faster than a group of one, as measured. */
  async #storeOne({ id, timestampMs: beatMs, request }: Beat): Promise<KnownIds> {
    const believableMs = latestBelievableMs(this.#options.now());
    const { rowsAffected } = await this.#execute(storeBeat({ id, beatMs, believableMs }), request);
    return new Set(rowsAffected > 0 ? [id] : []);
  }

  /**
   * The ids of the hives that are there. Two beats of one hive count as one, by the same rule. RETURNING costs a third of the whole: it is
   * asked only when some hive is not there, by storing the group once more, which changes nothing.
   */
  async #storeGroup(group: Beat[]): Promise<KnownIds> {
    const { now } = this.#options;
    const believableMs = latestBelievableMs(now());
    const latest = new Map<string, number>();
    for (const { id, timestampMs: beatMs } of group) {
      latest.set(id, laterOf({ beatMs, storedMs: latest.get(id) ?? beatMs, believableMs }));
    }
    const values = { beats: jsonObject(latest), believableMs };
    // The deadline of the group is that of its oldest beat.
    const request = group[0]?.request ?? {};
    const { rowsAffected } = await this.#execute(storeBeats(values), request);
    if (rowsAffected === latest.size) return latest;
    const { rows } = await this.#execute(storeBeatsAndTell(values), request);
    return new Set(rows.map((row) => row[0] as string));
  }

  /** A beat may be stored twice: it never moves back. */
  #execute(statement: SqlStatement, request: RequestOptions): Promise<SqlResult> {
    return this.#options.client.execute(statement, { ...request, isRepeatable: true });
  }
}

/** Written by hand: an object of hundreds of keys that were never seen before takes V8 ten times as long, as measured. */
function jsonObject(entries: Iterable<[string, number]>): string {
  const members: string[] = [];
  for (const [key, value] of entries) members.push(`${JSON.stringify(key)}:${value}`);
  return `{${members.join(",")}}`;
}
