import { isUtf8 } from "node:buffer";
import { performance } from "node:perf_hooks";
import { eq, max, min, type SQL, sql } from "drizzle-orm";
import type { SqlExecutor, SqlStatement } from "../drivers/client.ts";
import { after, inBatches, turnOfTheLoop } from "../event-loop.ts";
import type { CallOptions } from "../options.ts";
import { hiveGpus, hives } from "../schema.ts";
import { BEFORE_ALL_ROWS, MAX_BYTES } from "../sql/reading.ts";
import { bytesOf, keyOf } from "../sql/rows.ts";
import { build, countIn, type Given, statement } from "../sql/statement.ts";
import { addGpus, type DerivedGpus, derivedFromText, hashOfDevices, removeGpus } from "../traits/gpus.ts";
import { leftovers } from "../traits/leftovers.ts";
import { Verbs } from "./verbs.ts";

/** Hives that one statement looks at, of which most have few devices. */
const PAGE_SIZE = 250;
/** Hives whose rows one commit changes: it holds the event loop and the lock for a few milliseconds. */
const MAX_GROUP = 64;

type Derivation = { id: string; devices: Uint8Array | null; gpus: string; devicesHash: number };

const countHives = statement(() => build.select({ count: sql`count(*)` }).from(hives));

/** How many rows a hive has, and of which devices: as the bytes of one text, for another program may have stored what is none. */
const { devicesHash } = hiveGpus;
const told = sql`count(*) || ifnull(' ' || ${min(devicesHash)} || ' ' || ${max(devicesHash)}, '')`;
const stored = sql`(SELECT CAST(${told} AS BLOB) FROM ${hiveGpus} WHERE ${eq(hiveGpus.hiveId, hives.id)})`;
const devicesBytes = sql`iif(typeof(${hives.devices}) = 'text', CAST(${hives.devices} AS BLOB), NULL)`;
const devicesLength = sql`iif(typeof(${hives.devices}) = 'text', octet_length(${hives.devices}), 0)`;
/** Where a page ends, so that the devices before its last hive have fewer bytes than one statement reads. */
const endOfPage = (isAfter: SQL): SQL => {
  const lengths = sql`SELECT rowid AS place, ${devicesLength} AS bytes FROM ${hives} WHERE ${isAfter} ORDER BY rowid LIMIT ${sql.raw(String(PAGE_SIZE))}`;
  const sums = sql`SELECT place, sum(bytes) OVER (ROWS UNBOUNDED PRECEDING) - bytes AS bytes_before FROM (${lengths})`;
  return sql`(SELECT max(place) FROM (${sums}) WHERE bytes_before < ${sql.raw(String(MAX_BYTES))})`;
};
/** In the order of the table, in which its pages stand. */
const hivesAfter = statement<{ place: string }>(({ place }) => {
  const isAfter = sql`rowid > CAST(${place} AS INTEGER)`;
  return build
    .select({
      place: sql`CAST(rowid AS TEXT)`.as("place"),
      id: sql`CAST(${hives.id} AS BLOB)`.as("id_bytes"),
      devices: devicesBytes.as("devices_bytes"),
      stored: stored.as("stored"),
    })
    .from(hives)
    .where(sql`${isAfter} AND rowid <= ${endOfPage(isAfter)}`)
    .orderBy(sql`rowid`);
});

/** As long as the devices are still those. */
const isUnchanged = ({ id, devices }: Given<Derivation>) =>
  sql`EXISTS (SELECT 1 FROM ${hives} WHERE ${eq(hives.id, id)} AND ${devicesBytes} IS ${devices})`;
const remove = statement<Derivation>((given) => removeGpus(given, isUnchanged(given)));
const add = statement<Derivation>((given) => addGpus(given, isUnchanged(given)));
const toStore = (derivation: Derivation) => [remove(derivation), add(derivation)];

/** `all` derives of every hive what its rows must be; otherwise it is enough that those which it has are of its devices. */
type Comparison = "all" | "of these devices";

type Page = {
  /** Hives whose rows are missing or differ. */
  readonly differing: readonly Derivation[];
  readonly hives: number;
  /** Where the next page begins; undefined for the last one. */
  readonly next: string | undefined;
};

/** Looks at one page of hives, and changes nothing. */
async function readPage(executor: SqlExecutor, place: string, comparison: Comparison): Promise<Page> {
  const { rows } = await executor.execute(hivesAfter({ place }));
  let bytes = 0;
  const differing = rows.flatMap((row) => {
    const devices = row[2] === null ? null : bytesOf(row[2]);
    bytes += devices?.length ?? 0;
    // A text that is none is damage, and so no devices.
    const text = devices !== null && isUtf8(devices) ? devices.toString("utf8") : null;
    const stored = bytesOf(row[3]).toString();
    if (comparison === "of these devices" && text !== null && isOf(stored, hashOfDevices(text))) return [];
    const gpus = derivedFromText(text);
    const id = keyOf(row[1]);
    if (id === undefined || stored === storedOf(gpus)) return [];
    return [{ id, devices, gpus: JSON.stringify(gpus.rows), devicesHash: gpus.devicesHash }];
  });
  const isLast = rows.length < PAGE_SIZE && bytes < MAX_BYTES;
  return { differing, hives: rows.length, next: isLast ? undefined : String(rows.at(-1)?.[0]) };
}

/** Whether there are rows, all with this hash. */
function isOf(stored: string, hash: number): boolean {
  return stored.endsWith(` ${hash} ${hash}`);
}

function storedOf({ rows, devicesHash: hash }: DerivedGpus): string {
  return rows.length === 0 ? "0" : `${rows.length} ${hash} ${hash}`;
}

/** How many hives have rows that are missing or differ from what is derived of their devices. */
export async function countDiffering(executor: SqlExecutor): Promise<number> {
  let count = 0;
  for (let place: string | undefined = BEFORE_ALL_ROWS; place !== undefined; ) {
    const page: Page = await readPage(executor, place, "all");
    count += page.differing.length;
    place = page.next;
    await turnOfTheLoop();
  }
  return count;
}

/** What the look of an opened catalog takes of the event loop is a fifth: whoever opened it has other things to do. */
const PAUSE_PER_WORK = 4;

/**
 * The rows by which hives are found by their GPUs. Every change of devices derives its own; what is missing or differs was left so by a program that
 * does not know them, or by an earlier rule of names.
 */
export class DerivedGpuRows extends Verbs {
  #left = Number.POSITIVE_INFINITY;
  #running: Promise<number> | undefined;
  #isAwaited = false;
  /** Ends a pause. */
  #wake = () => {};

  /**
   * Hives that were not looked at since the catalog was opened; Infinity until they are counted. Until it is 0, hives are found by their devices
   * themselves, which takes longer.
   */
  get left(): number {
    return this.#left;
  }

  /**
   * Looks at all hives, page by page, and derives what is missing or differs, 64 hives a commit; the event loop turns in between. Resolves to how
   * many hives that were. What such a program left behind of hives that it removed goes, labels too. Of calls at the same time, and the look of an opened catalog, to the same. To be called now and then where other programs
   * write to the catalog.
   */
  derive(options?: CallOptions): Promise<number> {
    return this.run(async () => {
      this.#isAwaited = true;
      this.#wake();
      const hives = await (this.#running ?? this.#startLook());
      await this.#removeLeftovers(options);
      return hives;
    }, options);
  }

  /** The first page at once, the others in the background: what a catalog does when it is opened. */
  begin(): Promise<void> {
    return new Promise((resolve) => {
      // Where it fails, whoever can write derives it; until then devices themselves are looked at.
      this.#startLook(resolve).catch(() => resolve());
    });
  }

  #startLook(onPage?: () => void): Promise<number> {
    this.#running = this.#look(onPage).finally(() => {
      this.#running = undefined;
      this.#isAwaited = false;
    });
    return this.#running;
  }

  /** Resolves to how many hives had rows that were missing or differed. */
  async #look(onPage?: () => void): Promise<number> {
    let seen = 0;
    let derived = 0;
    if (this.#left > 0) this.#left = Number.POSITIVE_INFINITY;
    for (let place = BEFORE_ALL_ROWS; ; ) {
      const startedMs = performance.now();
      const page = await this.#deriveFrom(place);
      const workedMs = performance.now() - startedMs;
      seen += page.hives;
      derived += page.differing.length;
      if (page.next === undefined) this.#left = 0;
      onPage?.();
      if (page.next === undefined) return derived;
      place = page.next;
      if (this.#left > 0) await this.#countLeft(page.hives, seen);
      await (this.#isAwaited ? turnOfTheLoop() : this.#pause(workedMs * PAUSE_PER_WORK));
    }
  }

  async #removeLeftovers(options?: CallOptions): Promise<void> {
    const execute = (query: SqlStatement) =>
      this.run((client) => client.execute(query, { isRepeatable: true }), options);
    for await (const { removal } of leftovers({ execute })) await execute(removal);
  }

  #deriveFrom(place: string): Promise<Page> {
    return this.run(async (client) => {
      const page = await readPage(client, place, "of these devices");
      for await (const some of inBatches(page.differing, MAX_GROUP)) {
        await client.batch(some.flatMap(toStore), { isRepeatable: true });
      }
      return page;
    });
  }

  /** Keeps no process from its end, as long as nobody waits. */
  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
      after(resolve, ms).unref();
    });
  }

  /** Once in a look: counting takes as long as a page does. */
  async #countLeft(looked: number, seen: number): Promise<void> {
    const left = Number.isFinite(this.#left)
      ? this.#left - looked
      : countIn(await this.run((client) => client.first(countHives({})))) - seen;
    this.#left = Math.max(1, left);
  }
}
