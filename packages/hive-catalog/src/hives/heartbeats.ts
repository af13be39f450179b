import { performance } from "node:perf_hooks";
import type { Client } from "@libsql/client";
import { toCatalogError } from "../drivers/errors.ts";
import { turnOfTheLoop } from "../drivers/file/mutex.ts";
import { hiveNotFound } from "../errors.ts";
import { tell } from "../observer.ts";
import { laterBeat, latestBelievableMs } from "./heartbeat-rule.ts";

type Beat = {
  readonly id: string;
  readonly timestampMs: number;
  /** By the monotonic clock. */
  readonly sinceMs: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
};

/** The ids that the catalog knows. */
type Stored = Pick<Set<string>, "has">;

type Options = {
  client: Pick<Client, "execute">;
  now: () => number;
  /** Told of each commit: how many beats it held, and how long it took. */
  onCommit: ((commit: { size: number; durationMs: number }) => unknown) | undefined;
};

/** Errors of a lock, or of a server, that did not come free in time. */
const ENDS_A_WAIT: ReadonlySet<string> = new Set(["CATALOG_BUSY", "CATALOG_UNAVAILABLE"]);
/** Bounds how long one commit may hold the event loop; further beats wait for the next one. */
const MAX_GROUP_SIZE = 1024;
/**
 * How many answers to a group go out before the event loop turns: what their callers do next would all come in one turn. A queen that takes as many beats as
 * she can answers a GET in less than half the time so, as measured. The next group waits for them, so a large one has more of them to a turn, and takes
 * a bounded number of turns.
 */
const ANSWERS_PER_TURN = 16;
const MAX_TURNS_OF_ANSWERS = 8;
/** A turn of the loop shorter than this had no other work to do. */
const IDLE_TURN_MS = 0.2;

const laterThanStored = (beatMs: string) =>
  laterBeat<string, string>(String.raw, { beatMs, storedMs: "last_heartbeat_ms", believableMs: "?2" });
const STORE_ONE = `UPDATE hives SET last_heartbeat_ms = ${laterThanStored("?1")} WHERE id = ?3`;
/** The ids of a group are the keys of one JSON object: stored in two thirds of the time of an array of pairs, as measured. */
const STORE_GROUP = `UPDATE hives SET last_heartbeat_ms = ${laterThanStored("beat.value")} FROM json_each(?1) AS beat WHERE hives.id = beat.key`;
const STORE_AND_TELL = `${STORE_GROUP} RETURNING hives.id`;

/**
 * Group commit: beats that arrive while a commit is running share the next one, which costs one lock and one sync of the
 * disk for all of them. Nobody is answered before the commit that holds its beat; a beat alone is stored at once.
 */
export class HeartbeatWriter {
  readonly #options: Options;
  #waiting: Beat[] = [];
  #running: Promise<void> | undefined;

  constructor(options: Options) {
    this.#options = options;
  }

  /** Resolves when the beat is stored. Rejects with HIVE_NOT_FOUND, or with the error of the commit. */
  store(id: string, timestampMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ id, timestampMs, sinceMs: performance.now(), resolve, reject });
      this.#running ??= this.#run();
    });
  }

  /** Resolves when all beats that were handed in have their answer. */
  async drain(): Promise<void> {
    while (this.#running) await this.#running;
  }

  async #run(): Promise<void> {
    await undefined; // Beats of the same tick share the first commit.
    while (this.#waiting.length > 0) {
      const group = this.#waiting.splice(0, MAX_GROUP_SIZE);
      const startedMs = performance.now();
      const stored = await this.#commit(group, startedMs);
      const durationMs = performance.now() - startedMs;
      if (stored) {
        tell(this.#options.onCommit, { size: group.length, durationMs });
        await answer(group, stored);
      }
      await giveWay(durationMs);
    }
    this.#running = undefined;
  }

  /** The hives of the group that are there; undefined when it could not be committed, and its callers were told so. */
  async #commit(group: Beat[], startedMs: number): Promise<Stored | undefined> {
    try {
      const [beat] = group;
      return await (group.length === 1 && beat ? this.#storeOne(beat) : this.#storeGroup(group));
    } catch (error) {
      const waitedInVain = ENDS_A_WAIT.has(toCatalogError(error).code) ? this.#waitingSince(startedMs) : [];
      for (const { reject } of [...group, ...waitedInVain]) reject(error);
      return undefined;
    }
  }

  /**
   * The beats that wait since then, taken out. Where a group waited in vain they have waited as long: a group of their own for each
   * thousand of them would wait for its own time once more.
   */
  #waitingSince(sinceMs: number): Beat[] {
    const later = this.#waiting.findIndex((beat) => beat.sinceMs > sinceMs);
    return this.#waiting.splice(0, later < 0 ? this.#waiting.length : later);
  }

  async #storeOne({ id, timestampMs }: Beat): Promise<Stored> {
    const { client, now } = this.#options;
    const args = [timestampMs, latestBelievableMs(now()), id];
    const { rowsAffected } = await client.execute({ sql: STORE_ONE, args });
    return new Set(rowsAffected > 0 ? [id] : []);
  }

  /**
   * The ids of the hives that are there. Two beats of one hive count as the later one. RETURNING costs a third of the whole: it is asked
   * only when some hive is not there, by storing the group once more, which changes nothing.
   */
  async #storeGroup(group: Beat[]): Promise<Stored> {
    const latest = new Map<string, number>();
    for (const { id, timestampMs } of group) latest.set(id, Math.max(timestampMs, latest.get(id) ?? 0));
    const { client, now } = this.#options;
    const args = [jsonObject(latest), latestBelievableMs(now())];
    const { rowsAffected } = await client.execute({ sql: STORE_GROUP, args });
    if (rowsAffected === latest.size) return latest;
    const { rows } = await client.execute({ sql: STORE_AND_TELL, args });
    return new Set(rows.map((row) => row[0] as string));
  }
}

/** Written by hand: an object of hundreds of keys that were never seen before takes V8 ten times as long, as measured. */
function jsonObject(entries: Iterable<[string, number]>): string {
  const members: string[] = [];
  for (const [key, value] of entries) members.push(`${JSON.stringify(key)}:${value}`);
  return `{${members.join(",")}}`;
}

/** Answers the callers of a group that is stored, all that are left at once when the loop turns out to have nothing else to do. */
async function answer(group: readonly Beat[], stored: Stored): Promise<void> {
  const perTurn = Math.max(ANSWERS_PER_TURN, Math.ceil(group.length / MAX_TURNS_OF_ANSWERS));
  let isIdle = false;
  let startedMs = performance.now();
  for (const [place, { id, resolve, reject }] of group.entries()) {
    if (place > 0 && place % perTurn === 0 && !isIdle) {
      await turnOfTheLoop();
      const endedMs = performance.now();
      isIdle = endedMs - startedMs < IDLE_TURN_MS;
      startedMs = endedMs;
    }
    if (stored.has(id)) resolve();
    else reject(hiveNotFound(id));
  }
}

/** Lets other work have the event loop for as long as a commit held it, if there is any. */
async function giveWay(durationMs: number): Promise<void> {
  const untilMs = performance.now() + durationMs;
  for (let startedMs = performance.now(); ; ) {
    await turnOfTheLoop();
    const endedMs = performance.now();
    if (endedMs - startedMs < IDLE_TURN_MS || endedMs >= untilMs) return;
    startedMs = endedMs;
  }
}
