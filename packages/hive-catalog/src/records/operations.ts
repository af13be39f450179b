import { and, eq, isNotNull, isNull, lt, type SQL, sql } from "drizzle-orm";
import type { CallClient } from "../drivers/client.ts";
import { HiveCatalogError, hiveNotFound } from "../errors.ts";
import { inBatches } from "../event-loop.ts";
import { checkArgument, checkObject, invalidArgument, isKey } from "../model/check.ts";
import { newRecord } from "../model/fields.ts";
import {
  NewOperation,
  OperationEnd,
  OperationProgress,
  OperationRecord,
  type OperationSummary,
  operationFields,
  operationSummaryFields,
} from "../model/operation.ts";
import { isRecordId } from "../model/texts.ts";
import {
  type CallOptions,
  type FoundOperations,
  OPERATION_FIND_OPTIONS,
  OPERATION_LIST_OPTIONS,
  type OperationFindOptions,
  type OperationListOptions,
} from "../options.ts";
import { hives, operations } from "../schema.ts";
import { BytesRead, type OnDamage, one, readOne, rowsWhere } from "../sql/reading.ts";
import { RowReader } from "../sql/rows.ts";
import { build, type Given, statement } from "../sql/statement.ts";
import { isThere } from "../traits/presence.ts";
import { findOperations, isUnfinished, ofHive, operationReader, readUnfinished } from "./operation-pages.ts";
import { Verbs } from "./verbs.ts";

/** Finished operations that are kept of each hive. */
const KEPT_OF_HIVE = 50;
/** How long the operations of a removed hive are kept. */
const KEPT_OF_REMOVED_MS = 90 * 24 * 3_600_000;
/** Those of removed hives that one `begin` prunes at most. */
const MAX_PRUNED = 100;
/** Hives of which one statement reads the latest. */
const HIVES_READ = 100;

const { id } = OperationRecord.shape;
const SaveInput = OperationProgress.extend({ id });
const FinishInput = OperationEnd.extend({ id });

const summaryReader = new RowReader<OperationSummary>({
  table: operations,
  fields: operationSummaryFields,
  thing: "operation",
});

type Id = { id: string };
type OfHive = { hiveId: string };
type End = Id & { state: OperationRecord["state"]; problem: string | null; nowMs: number };
type Begun = Omit<OperationRecord, "steps" | "problem" | "finishedAtMs">;

const ofId = ({ id }: Given<Id>): SQL => eq(operations.id, id);
const isFinished = isNotNull(operations.finishedAtMs);

const operationOfId = one<OperationRecord, Id>(operationReader, ofId);

/** The newest of each hive, whose ids are a JSON list; none of a hive that was removed before it was added anew. */
const latestOfHives = rowsWhere<{ ids: string }>(summaryReader, ({ ids }) => {
  const newest = sql`SELECT max(rowid) FROM ${operations} WHERE ${operations.hiveId} = hive.value`;
  return and(sql`rowid IN (SELECT (${newest}) FROM json_each(${ids}) AS hive)`, isNull(operations.hiveRemovedAtMs));
});

const unfinishedOf = statement<OfHive>((given) =>
  build
    .select({ id: sql`hex(${operations.id})` })
    .from(operations)
    .where(and(ofHive(given), isUnfinished)),
);
/** Only for a hive that is there, in the same statement; idx_operations_unfinished lets no second one in. */
const insert = statement<Begun>((given) => {
  const { id, kind, state, owner, createdAtMs, deadlineMs, outputTail, hiveId } = given;
  const values = sql`${id}, ${hives.id}, ${kind}, ${state}, ${owner}, ${createdAtMs}, ${deadlineMs}, NULL, NULL, '[]', ${outputTail}, NULL`;
  return (
    build
      .insert(operations)
      .select(sql`SELECT ${values} FROM ${hives} WHERE ${eq(hives.id, hiveId)}`)
      .onConflictDoNothing({ target: operations.id })
      // Nothing either; but of a partial index drizzle knows only this.
      .onConflictDoUpdate({
        target: operations.hiveId,
        targetWhere: isUnfinished,
        set: { state: sql`${operations.state}` },
        setWhere: sql`false`,
      })
  );
});
const pruneOfHive = statement<OfHive>((given) => {
  const oldestKept = build
    .select({ rowId: sql`rowid` })
    .from(operations)
    .where(and(ofHive(given), isFinished))
    .orderBy(sql`rowid DESC`)
    .limit(1)
    .offset(KEPT_OF_HIVE - 1);
  return build.delete(operations).where(and(ofHive(given), isFinished, lt(sql`rowid`, oldestKept)));
});
const pruneOfRemoved = statement<{ beforeMs: number }>(({ beforeMs }) => {
  const oldest = build
    .select({ rowId: sql`rowid` })
    .from(operations)
    .where(lt(operations.hiveRemovedAtMs, beforeMs))
    .orderBy(operations.hiveRemovedAtMs)
    .limit(MAX_PRUNED);
  return build.delete(operations).where(sql`rowid IN ${oldest}`);
});
const save = statement<Id & { steps: string; outputTail: string }>((given) =>
  build
    .update(operations)
    .set({ steps: given.steps, outputTail: given.outputTail })
    .where(and(ofId(given), isUnfinished)),
);
const finish = statement<End>((given) =>
  build
    .update(operations)
    .set({ state: given.state, problem: given.problem, finishedAtMs: given.nowMs })
    .where(and(ofId(given), isUnfinished)),
);

/**
 * What is done to hives, one at a time for each hive. Finished ones stay as history: of each hive the 50 newest, of a hive that was removed for
 * 90 days more. `begin` sees to both.
 */
export class Operations extends Verbs {
  /**
   * Records that an operation began. Rejects with HIVE_NOT_FOUND, with OPERATION_IN_PROGRESS while that hive has another one that is not
   * finished, or with INVALID_ARGUMENT, also when the id is taken.
   */
  begin(operation: NewOperation, options?: CallOptions): Promise<OperationRecord> {
    return this.run(async (client) => {
      const checked = checkArgument("operation", NewOperation, operation);
      const createdAtMs = this.now();
      const begun = newRecord(operationFields, checked, { state: "running", steps: [], outputTail: "", createdAtMs });
      await insertOnce(client, begun);
      return begun;
    }, options);
  }

  /** Stores how far an operation is. Resolves to whether it is there and not finished: nothing is stored otherwise. */
  save(id: string, progress: OperationProgress, options?: CallOptions): Promise<boolean> {
    return this.run(async (client) => {
      checkObject("progress", progress);
      const { steps, outputTail } = checkArgument("operation", SaveInput, { ...progress, id });
      const statement = save({ id, steps: JSON.stringify(steps), outputTail });
      return (await client.execute(statement)).rowsAffected > 0;
    }, options);
  }

  /** Ends an operation. Resolves to whether this call did: one that is finished stays as it is. */
  finish(id: string, end: OperationEnd, options?: CallOptions): Promise<boolean> {
    return this.run(async (client) => {
      checkObject("end", end);
      const { state, problem = null } = checkArgument("operation", FinishInput, { ...end, id });
      const nowMs = this.now();
      const finished = await client.execute(finish({ id, state, problem, nowMs }), { isRepeatable: true });
      if (finished.rowsAffected > 0) return true;
      const stored = finished.isRepeat ? await readOne(client, operationOfId, { id }) : undefined;
      return stored?.state === state && stored.finishedAtMs === nowMs;
    }, options);
  }

  /** Rejects with CORRUPT_RECORD when another program damaged it. */
  get(id: string, options?: CallOptions): Promise<OperationRecord | undefined> {
    return this.run((client) => (isRecordId(id) ? readOne(client, operationOfId, { id }) : undefined), options);
  }

  /** The newest first. Rejects with INVALID_ARGUMENT, also when the operation that `after` names is not kept any more. */
  list(options: OperationListOptions = {}): Promise<OperationRecord[]> {
    const work = async (client: CallClient) => (await findOperations(client, options, this.#onDamage)).operations;
    return this.run(work, options, OPERATION_LIST_OPTIONS);
  }

  /**
   * A page of those for which all holds that is asked, the newest first. No call holds the event loop for long: after some windows of operations, or half a megabyte, a page
   * may be short or empty, and `nextAfter` says where to go on. Rejects as `list`.
   */
  find(options: OperationFindOptions = {}): Promise<FoundOperations> {
    return this.run(
      (client) => findOperations(client, options, this.#onDamage, new BytesRead()),
      options,
      OPERATION_FIND_OPTIONS,
    );
  }

  /** Every one that is not finished, the newest first. */
  unfinished(options: CallOptions = {}): Promise<OperationRecord[]> {
    return this.run((client) => readUnfinished(client, this.#onDamage), options);
  }

  /** The newest of each of these hives, by their ids; those on which there was none are not in it. A damaged one is left out, with one process warning. */
  latestOf(hiveIds: readonly string[], options?: CallOptions): Promise<ReadonlyMap<string, OperationSummary>> {
    return this.run(async (client) => {
      if (!Array.isArray(hiveIds)) throw invalidArgument("hiveIds", "must be a list of ids");
      const onDamage = this.warnings.of(summaryReader);
      const latest = new Map<string, OperationSummary>();
      for await (const ids of inBatches(hiveIds.filter(isKey), HIVES_READ)) {
        const row = await client.first(latestOfHives({ ids: JSON.stringify(ids) }));
        for (const { record, damage, rowId } of summaryReader.found(row)) {
          if (record === undefined) onDamage(damage, false, rowId);
          else latest.set(record.hiveId, record);
        }
      }
      return latest;
    }, options);
  }

  get #onDamage(): OnDamage {
    return this.warnings.of(operationReader);
  }
}

async function insertOnce(client: CallClient, operation: OperationRecord): Promise<void> {
  const { id, hiveId, createdAtMs, owner } = operation;
  const statements = [
    insert(operation),
    pruneOfHive({ hiveId }),
    pruneOfRemoved({ beforeMs: createdAtMs - KEPT_OF_REMOVED_MS }),
  ];
  // More than once only when what was in the way has ended meanwhile.
  for (let attempt = 0; attempt < 3; attempt++) {
    const [inserted] = await client.batch(statements, { isRepeatable: true });
    if (inserted === undefined || inserted.rowsAffected > 0) return;
    const same = await readOne(client, operationOfId, { id });
    if (same !== undefined) {
      const isOwn = same.createdAtMs === createdAtMs && same.owner === owner && same.hiveId === hiveId;
      if (inserted.isRepeat && isOwn) return;
      throw invalidArgument("id", `must be one that is not taken: there is an operation '${id}' already`);
    }
    if (!(await isThere(client, hiveId))) throw hiveNotFound(hiveId);
    const other = await client.first(unfinishedOf({ hiveId }));
    if (other !== undefined) throw inProgress(hiveId, String(other[0]));
  }
  const message = `operations of hive '${hiveId}' begin and end too fast; try again`;
  throw new HiveCatalogError("CATALOG_BUSY", message, { hiveId });
}

/** `hexId` may be of a damaged row, and anything. */
function inProgress(hiveId: string, hexId: string): HiveCatalogError {
  const id = Buffer.from(hexId, "hex").toString("utf8");
  const what = isRecordId(id) ? `the operation '${id}'` : "an operation";
  return new HiveCatalogError("OPERATION_IN_PROGRESS", `${what} of hive '${hiveId}' is not finished`, { hiveId });
}
