import { and, asc, eq, gt, isNull, lt, or, sql } from "drizzle-orm";
import { z } from "zod";
import { hiveNotFound } from "./errors.ts";
import { line } from "./fields.ts";
import { checkArgument, checkInteger, checkOptions, invalidArgument, isHiveId } from "./input.ts";
import { recordFields, timeMs } from "./record.ts";
import { type Access, keyOf, RecordTable } from "./record-table.ts";
import { cordons, hives } from "./schema.ts";
import { given, Statement } from "./statement.ts";

const fields = { hiveId: recordFields.id, reason: line(500), untilMs: timeMs.nullable(), createdAtMs: timeMs };

/** An operator's word that a hive gets no new work for now. */
export const Cordon = z.strictObject(fields);
export type Cordon = z.infer<typeof Cordon>;

/** What `set` takes; a whole `Cordon` will do. */
export const NewCordon = z.strictObject({
  reason: fields.reason,
  /** Without an end it lasts until it is lifted. */
  untilMs: fields.untilMs.optional(),
  /** Default now. */
  createdAtMs: timeMs.optional(),
});
export type NewCordon = z.input<typeof NewCordon>;

const SetInput = NewCordon.extend({ hiveId: fields.hiveId });
const records = new RecordTable({ table: cordons, thing: "cordon", schema: Cordon });

/** The cordons that are in force: one whose end has passed counts as none. Removing a hive removes its cordon. */
export class Cordons {
  readonly #access: Access;
  readonly #statements: ReturnType<typeof buildStatements>;

  constructor(access: Access) {
    this.#access = access;
    this.#statements = buildStatements(access);
  }

  /** Cordons a hive, in place of an earlier cordon. Rejects with HIVE_NOT_FOUND or INVALID_ARGUMENT. */
  set(hiveId: string, cordon: NewCordon): Promise<Cordon> {
    const { call, database, now } = this.#access;
    return call(async () => {
      checkOptions(cordon);
      const nowMs = now();
      const { untilMs = null, createdAtMs = nowMs, ...rest } = checkArgument("cordon", SetInput, { ...cordon, hiveId });
      if (untilMs !== null && untilMs <= nowMs) throw invalidArgument("untilMs", `must be later than now, ${nowMs}`);
      // What may have happened may happen again: the second time changes nothing.
      const [row] = await database.retry(() => this.#statements.set.rows({ ...rest, untilMs, createdAtMs }));
      if (row === undefined) throw hiveNotFound(hiveId);
      return records.record(row);
    });
  }

  /** Resolves to whether there was a cordon in force. */
  lift(hiveId: string): Promise<boolean> {
    const { call, database, now } = this.#access;
    return call(async () => {
      if (!isHiveId(hiveId)) return false;
      const values = { hiveId, nowMs: now() };
      const before = database.isRemote && (await this.#statements.exists.rows(values)).length > 0;
      return database.retry(async (isRepeat) => {
        const [row] = await this.#statements.lift.rows(values);
        return isRepeat ? before : row?.[0] === 1;
      });
    });
  }

  /** Rejects with CORRUPT_RECORD when another program damaged it. */
  get(hiveId: string): Promise<Cordon | undefined> {
    const { call, now } = this.#access;
    return call(async () => {
      if (!isHiveId(hiveId)) return undefined;
      const row = await this.#statements.get.row({ hiveId, nowMs: now() });
      return row && records.record(row);
    });
  }

  /** By hive id; `after` is the hive id of the last one of the page before, `limit` is all by default. */
  list(options: { after?: string | undefined; limit?: number | undefined } = {}): Promise<Cordon[]> {
    const { call, now } = this.#access;
    return call(() => {
      checkOptions(options);
      const { after = "", limit = Number.MAX_SAFE_INTEGER } = options;
      checkInteger("limit", limit, 1);
      if (typeof after !== "string") throw invalidArgument("after", "must be the id of a hive");
      const nowMs = now();
      return records.list(limit, (last, count) => {
        const afterKey = last ? keyOf(last) : Buffer.from(after);
        return this.#statements.list.rows({ nowMs, afterKey, limit: count });
      });
    });
  }
}

function buildStatements({ database: { client, db } }: Access) {
  const statement = (build: ConstructorParameters<typeof Statement>[1]) => new Statement(client, build);
  const inForce = or(isNull(cordons.untilMs), gt(cordons.untilMs, given("nowMs")));
  const ofHive = eq(cordons.hiveId, given("hiveId"));
  return {
    get: statement(() => db.select(records.columns).from(cordons).where(and(ofHive, inForce))),
    exists: statement(() => db.select({ found: sql`1` }).from(cordons).where(and(ofHive, inForce))),
    list: statement(() =>
      db
        .select(records.columns)
        .from(cordons)
        // Every text is below every BLOB: a row that has one for its id stands for no hive, and nowhere in the order.
        .where(and(gt(cordons.hiveId, sql`CAST(${given("afterKey")} AS TEXT)`), lt(cordons.hiveId, sql`x''`), inForce))
        .orderBy(asc(cordons.hiveId))
        .limit(sql.placeholder("limit")),
    ),
    /** Only for a hive that is there, in the same statement. */
    set: statement(() =>
      db
        .insert(cordons)
        .select(
          sql`SELECT ${hives.id}, ${given("reason")}, ${given("untilMs")}, ${given("createdAtMs")} FROM ${hives} WHERE ${eq(hives.id, given("hiveId"))}`,
        )
        .onConflictDoUpdate({
          target: cordons.hiveId,
          set: { reason: given("reason"), untilMs: given("untilMs"), createdAtMs: given("createdAtMs") },
        })
        .returning(records.columns),
    ),
    /** An old one that is not in force any more goes too. */
    lift: statement(() =>
      db
        .delete(cordons)
        .where(ofHive)
        .returning({ wasInForce: sql`coalesce(${inForce}, 1)` }),
    ),
  };
}
