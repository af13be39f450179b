import { performance } from "node:perf_hooks";
import { tell } from "../calls.ts";
import type { SqlClient, SqlResult, SqlStatement } from "../drivers/client.ts";
import { toCatalogError } from "../drivers/errors.ts";
import { hiveNotFound } from "../errors.ts";
import { turnOfTheLoop } from "../event-loop.ts";
import { checkHive, HeartbeatArgument, isKey, isTimeMs } from "../model/check.ts";
import { laterOf, latestBelievableMs } from "./heartbeat-rule.ts";
import { hivesOfBeats, storeBeat, storeBeats, storeBeatsAndTell } from "./statements.ts";

type Beat = {
  readonly id: string;
  readonly timestampMs: number;
  /** By the monotonic clock: until when it may wait for a lock, or for a server. */
  readonly deadlineMs: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
};

/** The ids that the catalog knows. */
type KnownIds = Pick<Set<string>, "has">;

type Options = {
  client: Pick<SqlClient, "execute">;
  /** How long a beat may wait for a server, or for a lock. */
  callTimeoutMs?: number;
  busyTimeoutMs: number;
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
      const { callTimeoutMs, busyTimeoutMs } = this.#options;
      const deadlineMs = performance.now() + (callTimeoutMs ?? busyTimeoutMs);
      this.#waiting.push({ id, timestampMs, deadlineMs, resolve, reject });
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
    const stored = await this.#commit(group);
    if (stored === undefined) return;
    tell(this.#options.onCommit, { size: group.length, durationMs: performance.now() - startedMs });
    for (const { id, resolve, reject } of group) {
      if (stored.has(id)) resolve();
      else reject(hiveNotFound(id));
    }
  }

  /** The hives of the group that are there; undefined when it could not be committed, and its callers were told so. */
  async #commit(group: Beat[]): Promise<KnownIds | undefined> {
    try {
      const [beat] = group;
      return await (group.length === 1 && beat ? this.#storeOne(beat) : this.#storeGroup(group));
    } catch (error) {
      const ended = ENDS_A_WAIT.has(toCatalogError(error).code) ? this.#endedWith(group) : group;
      for (const { reject } of ended) reject(error);
      return undefined;
    }
  }

  /** Those of a group, and behind it, that have waited for as long as they may: the others of it wait on. All of it, where none has. */
  #endedWith(group: Beat[]): Beat[] {
    const atMs = performance.now() + TIMER_ERROR_MS;
    const isLate = ({ deadlineMs }: Beat) => deadlineMs <= atMs;
    if (!group.some(isLate)) return group;
    const all = [...group, ...this.#waiting];
    this.#waiting = all.filter((beat) => !isLate(beat));
    return all.filter(isLate);
  }

  /** A tenth faster than a group of one, as measured. */
  async #storeOne({ id, timestampMs: beatMs, deadlineMs }: Beat): Promise<KnownIds> {
    const believableMs = latestBelievableMs(this.#options.now());
    const { rowsAffected } = await this.#execute(storeBeat({ id, beatMs, believableMs }), deadlineMs);
    return new Set(rowsAffected > 0 ? [id] : []);
  }

  /**
   * The ids of the hives that are there. Two beats of one hive count as one, by the same rule. RETURNING costs a third of the whole: when some hive is not
   * there, those that are are read, which needs no lock. It is asked only where one came or went in between, by storing the group once more, which changes nothing.
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
    const { deadlineMs = 0 } = group[0] ?? {};
    const { rowsAffected } = await this.#execute(storeBeats(values), deadlineMs);
    if (rowsAffected === latest.size) return latest;
    const there = await this.#execute(hivesOfBeats(values), deadlineMs);
    const isSame = there.rows.length === rowsAffected;
    const { rows } = isSame ? there : await this.#execute(storeBeatsAndTell(values), deadlineMs);
    return new Set(rows.map((row) => row[0] as string));
  }

  /** A beat may be stored twice: it never moves back. */
  #execute(statement: SqlStatement, deadlineMs: number): Promise<SqlResult> {
    return this.#options.client.execute(statement, { deadlineMs, isRepeatable: true });
  }
}

/** Written by hand: an object of hundreds of keys that were never seen before takes V8 ten times as long, as measured. */
function jsonObject(entries: Iterable<[string, number]>): string {
  const members: string[] = [];
  for (const [key, value] of entries) members.push(`${JSON.stringify(key)}:${value}`);
  return `{${members.join(",")}}`;
}
