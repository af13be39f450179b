import type { Row } from "@libsql/client";
import { and, asc, eq, gt, lt, sql } from "drizzle-orm";
import { hiveNotFound } from "../errors.ts";
import { checkArgument, checkInteger, checkOptions, invalidArgument, isHiveId } from "../model/check.ts";
import { Cordon, NewCordon } from "../model/records.ts";
import type { CordonListOptions } from "../options.ts";
import { cordons, hives } from "../schema.ts";
import type { Database } from "../sql/open.ts";
import { given, statementsOn } from "../sql/statement.ts";
import { type Access, keyOf, RecordTable } from "./record-table.ts";

const SetInput = NewCordon.extend({ hiveId: Cordon.shape.hiveId });

const StandIn = Cordon.extend({
  untilMs: Cordon.shape.untilMs.catch(null),
  createdAtMs: Cordon.shape.createdAtMs.catch(0),
});

/** Of a damaged cordon the hive that it names stays cordoned: damage must not give work to a hive that an operator took it from. */
export const cordonTable = new RecordTable({
  table: cordons,
  thing: "cordon",
  schema: Cordon,
  standIn: (columns, damaged) => {
    const reason = `the stored cordon is damaged (${damaged.join(", ")}): cordon the hive anew, or uncordon it`;
    return StandIn.safeParse({ ...columns, reason }).data;
  },
});

/** The cordons that are in force: one whose end has come counts as none. Removing a hive removes its cordon. */
export class Cordons {
  readonly #database: Access["database"];
  readonly #now: Access["now"];
  readonly #statements: ReturnType<typeof buildStatements>;

  constructor({ database, now }: Access) {
    this.#database = database;
    this.#now = now;
    this.#statements = buildStatements(database);
  }

  /** Cordons a hive, in place of an earlier cordon. Rejects with HIVE_NOT_FOUND or INVALID_ARGUMENT. */
  async set(hiveId: string, cordon: NewCordon): Promise<Cordon> {
    checkOptions(cordon);
    const nowMs = this.#now();
    const checked = checkArgument("cordon", SetInput, { ...cordon, hiveId });
    const values = { ...checked, untilMs: checked.untilMs ?? null, createdAtMs: checked.createdAtMs ?? nowMs };
    if (values.untilMs !== null && values.untilMs <= nowMs) {
      throw invalidArgument("untilMs", `must be later than now, which is ${nowMs}`);
    }
    // What may have happened may happen again: the second time changes nothing.
    const [row] = await this.#database.retry(() => this.#statements.set.rows(values));
    if (row === undefined) throw hiveNotFound(hiveId);
    return cordonTable.record(row);
  }

  /** Resolves to whether there was a cordon in force. */
  async lift(hiveId: string): Promise<boolean> {
    if (!isHiveId(hiveId)) return false;
    const values = { hiveId, nowMs: this.#now() };
    // Where an answer can be lost, what was there has to be known before.
    const before = this.#database.isRemote && (await this.#statements.exists.rows(values)).length > 0;
    return this.#database.retry(async (isRepeat) => {
      const [row] = await this.#statements.lift.rows(values);
      return isRepeat ? before : row?.[0] === 1;
    });
  }

  /** Rejects with CORRUPT_RECORD when another program damaged it. */
  async get(hiveId: string): Promise<Cordon | undefined> {
    if (!isHiveId(hiveId)) return undefined;
    const row = await this.#statements.get.row({ hiveId, nowMs: this.#now() });
    return row && cordonTable.record(row);
  }

  /**
   * By hive id. A damaged one is in force until it is lifted or set anew, and its reason says so; one that names no hive is left out. Rejects
   * with INVALID_ARGUMENT.
   */
  async list(options: CordonListOptions = {}): Promise<Cordon[]> {
    checkOptions(options);
    const { after = "", limit = Number.MAX_SAFE_INTEGER, onCorruptRecord } = options;
    checkInteger("limit", limit, 1);
    if (typeof after !== "string") throw invalidArgument("after", "must be the id of a hive");
    const nowMs = this.#now();
    const read = (last: Row | undefined, count: number) => {
      const afterKey = last ? keyOf(last) : Buffer.from(after);
      return this.#statements.list.rows({ nowMs, afterKey, limit: count });
    };
    return cordonTable.list(limit, read, onCorruptRecord);
  }
}

function buildStatements({ client, db }: Database) {
  const statement = statementsOn(client);
  /** Unless it surely has ended: what is no time is no end. */
  const inForce = sql`NOT (typeof(${cordons.untilMs}) = 'integer' AND ${cordons.untilMs} BETWEEN 0 AND ${given("nowMs")})`;
  const ofHive = eq(cordons.hiveId, given("hiveId"));
  return {
    get: statement(() => db.select(cordonTable.columns).from(cordons).where(and(ofHive, inForce))),
    exists: statement(() => db.select({ found: sql`1` }).from(cordons).where(and(ofHive, inForce))),
    list: statement(() =>
      db
        .select(cordonTable.columns)
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
        .returning(cordonTable.columns),
    ),
    /** An old one that is not in force any more goes too. */
    lift: statement(() => db.delete(cordons).where(ofHive).returning({ wasInForce: inForce })),
  };
}
