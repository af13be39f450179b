import { and, eq, isNotNull, isNull, lt, sql } from "drizzle-orm";
import { z } from "zod";
import { HiveCatalogError, hiveNotFound } from "../errors.ts";
import { checkArgument, checkInteger, checkOptions, invalidArgument, isHiveId } from "../model/check.ts";
import { rule } from "../model/hive.ts";
import { isRecordId, NewOperation, OperationEnd, OperationProgress, OperationRecord } from "../model/records.ts";
import type { OperationListOptions } from "../options.ts";
import { hives, operations } from "../schema.ts";
import type { Database } from "../sql/open.ts";
import { given, statementsOn } from "../sql/statement.ts";
import { type Access, newestFirst, RecordTable, rowIdOf } from "./record-table.ts";

/** Finished operations that are kept of each hive. */
const KEPT_OF_HIVE = 50;
const DEFAULT_LIMIT = 100;
const { id, steps } = OperationRecord.shape;
const SaveInput = OperationProgress.extend({ id });
const FinishInput = OperationEnd.extend({ id });

const JSON_TEXT = rule("must be JSON");
const stepsJson = z.string(JSON_TEXT).transform((json, context): unknown => {
  try {
    return JSON.parse(json);
  } catch {
    context.issues.push({ code: "custom", input: json, message: "must be JSON" });
    return z.NEVER;
  }
});

export const operationTable = new RecordTable<OperationRecord>({
  table: operations,
  thing: "operation",
  schema: OperationRecord.extend({ steps: stepsJson.pipe(steps) }),
});

/**
 * What is done to hives, one at a time for each hive. Finished ones stay as history: of each hive the 50 newest, which `begin` sees to; of all
 * hives that were removed the 1000 newest together, which `removeHive` sees to.
 */
export class Operations {
  readonly #database: Access["database"];
  readonly #now: Access["now"];
  readonly #statements: ReturnType<typeof buildStatements>;

  constructor({ database, now }: Access) {
    this.#database = database;
    this.#now = now;
    this.#statements = buildStatements(database);
  }

  /**
   * Records that an operation began. Rejects with HIVE_NOT_FOUND, with OPERATION_IN_PROGRESS while that hive has another one that is not
   * finished, or with INVALID_ARGUMENT, also when the id is taken.
   */
  async begin(operation: NewOperation): Promise<OperationRecord> {
    const begun: OperationRecord = {
      ...checkArgument("operation", NewOperation, operation),
      state: "running",
      steps: [],
      outputTail: "",
      problem: null,
      createdAtMs: this.#now(),
      finishedAtMs: null,
    };
    await this.#database.retry((isRepeat) => this.#insert(begun, isRepeat));
    return begun;
  }

  /** Stores how far an operation is. Resolves to whether it is there and not finished: nothing is stored otherwise. */
  async save(id: string, progress: OperationProgress): Promise<boolean> {
    checkOptions(progress);
    const { steps, outputTail } = checkArgument("operation", SaveInput, { ...progress, id });
    const values = { id, steps: JSON.stringify(steps), outputTail };
    return this.#database.retry(async () => (await this.#statements.save.run(values)) > 0);
  }

  /** Ends an operation. Resolves to whether this call did: one that is finished stays as it is. */
  async finish(id: string, end: OperationEnd): Promise<boolean> {
    checkOptions(end);
    const { state, problem = null } = checkArgument("operation", FinishInput, { ...end, id });
    const values = { id, state, problem, nowMs: this.#now() };
    return this.#database.retry(async (isRepeat) => {
      if ((await this.#statements.finish.run(values)) > 0) return true;
      return isRepeat && (await this.#statements.finishedSo.rows(values)).length > 0;
    });
  }

  /** Rejects with CORRUPT_RECORD when another program damaged it. */
  async get(id: string): Promise<OperationRecord | undefined> {
    if (!isRecordId(id)) return undefined;
    const row = await this.#statements.get.row({ id });
    return row && operationTable.record(row);
  }

  /** The newest first. Rejects with INVALID_ARGUMENT, also when the operation that `after` names is not kept any more. */
  async list(options: OperationListOptions = {}): Promise<OperationRecord[]> {
    checkOptions(options);
    const { hiveId, after, limit = DEFAULT_LIMIT } = options;
    checkInteger("limit", limit, 1);
    if (hiveId !== undefined && !isHiveId(hiveId)) return [];
    const start = after === undefined ? newestFirst.start : await this.#rowIdOf(after);
    const page = hiveId === undefined ? this.#statements.page : this.#statements.pageOfHive;
    return operationTable.listPages(page, start, { hiveId, limit });
  }

  /** Every one that is not finished, the newest first. */
  async unfinished(): Promise<OperationRecord[]> {
    return operationTable.listPages(this.#statements.pageOfUnfinished, newestFirst.start);
  }

  async #insert(operation: OperationRecord, isRepeat: boolean): Promise<void> {
    const { id, hiveId, createdAtMs, owner } = operation;
    const { insert, prune, get, hive, unfinishedOf } = this.#statements;
    const statements = [insert.bound({ ...operation, steps: "[]" }), prune.bound({ hiveId })];
    const [inserted] = await this.#database.client.batch(statements, "write");
    if (inserted !== undefined && inserted.rowsAffected > 0) return;
    const [same] = await get.rows({ id });
    if (same !== undefined) {
      const stored = isRepeat ? operationTable.record(same) : undefined;
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

/** `hexId` may be of a damaged row, and anything. */
function inProgress(hiveId: string, hexId: string): HiveCatalogError {
  const id = Buffer.from(hexId, "hex").toString("utf8");
  const what = isRecordId(id) ? `the operation '${id}'` : "an operation";
  return new HiveCatalogError("OPERATION_IN_PROGRESS", `${what} of hive '${hiveId}' is not finished`, { hiveId });
}

function buildStatements({ client, db }: Database) {
  const statement = statementsOn(client);
  const ofId = eq(operations.id, given("id"));
  const ofHive = eq(operations.hiveId, given("hiveId"));
  const isFinished = isNotNull(operations.finishedAtMs);
  const isUnfinished = isNull(operations.finishedAtMs);
  const oldestKept = db
    .select({ rowId: sql`rowid` })
    .from(operations)
    .where(and(ofHive, isFinished))
    .orderBy(newestFirst.order)
    .limit(1)
    .offset(KEPT_OF_HIVE - 1);
  return {
    get: statement(() => db.select(operationTable.columns).from(operations).where(ofId)),
    page: statement(() => operationTable.page(newestFirst)),
    pageOfHive: statement(() => operationTable.page(newestFirst, ofHive)),
    pageOfUnfinished: statement(() => operationTable.page(newestFirst, isUnfinished)),
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
        .onConflictDoNothing({ target: operations.id })
        // Nothing either; but of a partial index drizzle knows only this.
        .onConflictDoUpdate({
          target: operations.hiveId,
          targetWhere: isUnfinished,
          set: { state: sql`${operations.state}` },
          setWhere: sql`false`,
        }),
    ),
    prune: statement(() => db.delete(operations).where(and(ofHive, isFinished, lt(sql`rowid`, oldestKept)))),
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
