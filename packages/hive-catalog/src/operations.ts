import { and, desc, eq, isNotNull, isNull, lt, type SQL, sql } from "drizzle-orm";
import { HiveCatalogError, hiveNotFound } from "./errors.ts";
import { recordId } from "./fields.ts";
import { checkArgument, checkInteger, checkOptions, invalidArgument, isHiveId } from "./input.ts";
import {
  NewOperation,
  OperationEnd,
  OperationProgress,
  type OperationRecord,
  StoredOperation,
} from "./operation-record.ts";
import { type Access, RecordTable, rowIdOf } from "./record-table.ts";
import { hives, operations } from "./schema.ts";
import { given, Statement } from "./statement.ts";

export type OperationListOptions = {
  /** Those of one hive alone. */
  hiveId?: string | undefined;
  /** The id of the last operation of the page before. */
  after?: string | undefined;
  /** Operations at most, from 1; default 100. Fewer than that means that there are no more. */
  limit?: number | undefined;
};

/** Finished operations that are kept of each hive. */
const KEPT_OF_HIVE = 50;
const DEFAULT_LIMIT = 100;
/** Above every row id. */
const AFTER_ALL = "9223372036854775807";

const SaveInput = OperationProgress.extend({ id: recordId });
const FinishInput = OperationEnd.extend({ id: recordId });
const records = new RecordTable<OperationRecord>({ table: operations, thing: "operation", schema: StoredOperation });

/**
 * What is done to hives, one at a time for each hive. Finished ones stay as history, also when their hive is removed: of each hive the 50 newest,
 * which `begin` sees to.
 */
export class Operations {
  readonly #access: Access;
  readonly #statements: ReturnType<typeof buildStatements>;

  constructor(access: Access) {
    this.#access = access;
    this.#statements = buildStatements(access);
  }

  /**
   * Records that an operation began. Rejects with HIVE_NOT_FOUND, with OPERATION_IN_PROGRESS while that hive has another one that is not
   * finished, or with INVALID_ARGUMENT, also when the id is taken.
   */
  begin(operation: NewOperation): Promise<OperationRecord> {
    const { call, database, now } = this.#access;
    return call(async () => {
      const begun: OperationRecord = {
        ...checkArgument("operation", NewOperation, operation),
        state: "running",
        steps: [],
        outputTail: "",
        problem: null,
        createdAtMs: now(),
        finishedAtMs: null,
      };
      await database.retry((isRepeat) => this.#insert(begun, isRepeat));
      return begun;
    });
  }

  /** Stores how far an operation is. Resolves to whether it is there and not finished: nothing is stored otherwise. */
  save(id: string, progress: OperationProgress): Promise<boolean> {
    const { call, database } = this.#access;
    return call(async () => {
      const { steps, outputTail } = checkArgument("operation", SaveInput, { ...progress, id });
      const values = { id, steps: JSON.stringify(steps), outputTail };
      return database.retry(async () => (await this.#statements.save.run(values)) > 0);
    });
  }

  /** Ends an operation. Resolves to whether this call did: one that is finished stays as it is. */
  finish(id: string, end: OperationEnd): Promise<boolean> {
    const { call, database, now } = this.#access;
    return call(async () => {
      const { state, problem = null } = checkArgument("operation", FinishInput, { ...end, id });
      const values = { id, state, problem, nowMs: now() };
      return database.retry(async (isRepeat) => {
        if ((await this.#statements.finish.run(values)) > 0) return true;
        return isRepeat && (await this.#statements.finishedSo.rows(values)).length > 0;
      });
    });
  }

  /** Rejects with CORRUPT_RECORD when another program damaged it. */
  get(id: string): Promise<OperationRecord | undefined> {
    return this.#access.call(async () => {
      if (!isRecordId(id)) return undefined;
      const row = await this.#statements.get.row({ id });
      return row && records.record(row);
    });
  }

  /** The newest first. Rejects with INVALID_ARGUMENT, also when the operation that `after` names is not kept any more. */
  list(options: OperationListOptions = {}): Promise<OperationRecord[]> {
    return this.#access.call(async () => {
      checkOptions(options);
      const { hiveId, after, limit = DEFAULT_LIMIT } = options;
      checkInteger("limit", limit, 1);
      if (hiveId !== undefined && !isHiveId(hiveId)) return [];
      const start = after === undefined ? AFTER_ALL : await this.#rowIdOf(after);
      const statement = hiveId === undefined ? this.#statements.all : this.#statements.ofHive;
      return records.list(limit, (last, count) =>
        statement.rows({ hiveId, beforeRowId: last ? rowIdOf(last) : start, limit: count }),
      );
    });
  }

  /** Every one that is not finished, the newest first. */
  unfinished(): Promise<OperationRecord[]> {
    return this.#access.call(() =>
      records.list(Number.MAX_SAFE_INTEGER, (last, limit) =>
        this.#statements.unfinished.rows({ beforeRowId: last ? rowIdOf(last) : AFTER_ALL, limit }),
      ),
    );
  }

  async #insert(operation: OperationRecord, isRepeat: boolean): Promise<void> {
    const { id, hiveId, createdAtMs, owner } = operation;
    const { insert, prune, get, hive, unfinishedOf } = this.#statements;
    const statements = [insert.bound({ ...operation, steps: "[]" }), prune.bound({ hiveId })];
    const [inserted] = await this.#access.database.client.batch(statements, "write");
    if (inserted !== undefined && inserted.rowsAffected > 0) return;
    const [same] = await get.rows({ id });
    if (same !== undefined) {
      const stored = isRepeat ? records.record(same) : undefined;
      if (stored?.createdAtMs === createdAtMs && stored.owner === owner && stored.hiveId === hiveId) return;
      throw invalidArgument("id", `must be one that is not taken: there is an operation '${id}' already`);
    }
    if ((await hive.rows({ hiveId })).length === 0) throw hiveNotFound(hiveId);
    const [other] = await unfinishedOf.rows({ hiveId });
    if (other !== undefined) throw inProgress(hiveId, String(other[0]));
    // What was in the way has ended meanwhile.
    return this.#insert(operation, isRepeat);
  }

  async #rowIdOf(id: string): Promise<string> {
    const [row] = isRecordId(id) ? await this.#statements.get.rows({ id }) : [];
    if (row === undefined) throw invalidArgument("after", "must be the id of an operation that is still kept");
    return rowIdOf(row);
  }
}

function isRecordId(id: unknown): id is string {
  return recordId.safeParse(id).success;
}

/** `hexId` may be of a damaged row, and anything. */
function inProgress(hiveId: string, hexId: string): HiveCatalogError {
  const id = Buffer.from(hexId, "hex").toString("utf8");
  const what = isRecordId(id) ? `the operation '${id}'` : "an operation";
  return new HiveCatalogError("OPERATION_IN_PROGRESS", `${what} of hive '${hiveId}' is not finished`, { hiveId });
}

function buildStatements({ database: { client, db } }: Access) {
  const statement = (build: ConstructorParameters<typeof Statement>[1]) => new Statement(client, build);
  const ofId = eq(operations.id, given("id"));
  const ofHive = eq(operations.hiveId, given("hiveId"));
  const isFinished = isNotNull(operations.finishedAtMs);
  const isUnfinished = isNull(operations.finishedAtMs);
  const rowId = sql`rowid`;
  /** By row id: new rows get the highest, whatever the clock says. */
  const newest = (condition?: SQL) =>
    statement(() =>
      db
        .select(records.columns)
        .from(operations)
        .where(and(condition, lt(rowId, sql`CAST(${given("beforeRowId")} AS INTEGER)`)))
        .orderBy(desc(rowId))
        .limit(sql.placeholder("limit")),
    );
  const oldestKept = db
    .select({ rowId })
    .from(operations)
    .where(and(ofHive, isFinished))
    .orderBy(desc(rowId))
    .limit(1)
    .offset(KEPT_OF_HIVE - 1);
  return {
    get: statement(() => db.select(records.columns).from(operations).where(ofId)),
    all: newest(),
    ofHive: newest(ofHive),
    unfinished: newest(isUnfinished),
    hive: statement(() =>
      db
        .select({ found: sql`1` })
        .from(hives)
        .where(eq(hives.id, given("hiveId"))),
    ),
    unfinishedOf: statement(() =>
      db
        .select({ id: sql`hex(${operations.id})` })
        .from(operations)
        .where(and(ofHive, isUnfinished)),
    ),
    /** Only for a hive that is there, in the same statement; idx_operations_unfinished lets no second one in. */
    insert: statement(() =>
      db
        .insert(operations)
        .select(
          sql`SELECT ${given("id")}, ${hives.id}, ${given("kind")}, ${given("state")}, ${given("owner")}, ${given("createdAtMs")},
            ${given("deadlineMs")}, NULL, NULL, ${given("steps")}, ${given("outputTail")}
            FROM ${hives} WHERE ${eq(hives.id, given("hiveId"))}`,
        )
        .onConflictDoNothing(),
    ),
    prune: statement(() => db.delete(operations).where(and(ofHive, isFinished, lt(rowId, oldestKept)))),
    save: statement(() =>
      db
        .update(operations)
        .set({ steps: given("steps"), outputTail: given("outputTail") })
        .where(and(ofId, isUnfinished)),
    ),
    finish: statement(() =>
      db
        .update(operations)
        .set({ state: given("state"), problem: given("problem"), finishedAtMs: given("nowMs") })
        .where(and(ofId, isUnfinished)),
    ),
    /** For an end that may have been stored. */
    finishedSo: statement(() =>
      db
        .select({ found: sql`1` })
        .from(operations)
        .where(and(ofId, eq(operations.state, given("state")), eq(operations.finishedAtMs, given("nowMs")))),
    ),
  };
}
