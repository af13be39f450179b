import { and, eq, gt, inArray, isNull, lt, ne, not, or, sql } from "drizzle-orm";
import type { SqlValue } from "../drivers/client.ts";
import { type HiveRecord, type HiveStatus, hiveFields, LACKS_DEVICES } from "../model/hive.ts";
import { cordons, hives, operations, sessions, tokens } from "../schema.ts";
import { finder, type Order, one } from "../sql/reading.ts";
import { renewRevision } from "../sql/revisions.ts";
import { RowReader } from "../sql/rows.ts";
import { build, fieldsOf, type Given, statement } from "../sql/statement.ts";
import { removeGpus } from "../traits/gpus.ts";
import { removeLabels } from "../traits/labels.ts";
import { laterThanStored } from "./heartbeat-rule.ts";

export const hiveReader = new RowReader<HiveRecord>({
  table: hives,
  fields: hiveFields,
  thing: "hive",
  code: "CORRUPT_HIVE",
});

type Id = { id: string };
type Status = { status: HiveStatus };
type Now = { nowMs: number };
type Believable = { believableMs: number };
/** A row as it is stored. */
export type HiveRow = {
  [Name in keyof HiveRecord]: HiveRecord[Name] extends SqlValue ? HiveRecord[Name] : string | null;
};

const ofId = ({ id }: Given<Id>) => eq(hives.id, id);
export const hiveOfId = one(hiveReader, ofId);

export const byId: Order = { columns: { id: hives.id } };
const byHeartbeat: Order = { columns: { lastHeartbeatMs: hives.lastHeartbeatMs, id: hives.id } };

export const allHives = finder<HiveRecord, object>(hiveReader, byId);
export const hivesWithStatus = finder<HiveRecord, Status>(hiveReader, byId, ({ status }) => eq(hives.status, status));
export const allIds = finder<Id, object>(hiveReader.ofColumns(new Set(["id"])) as RowReader<Id>, byId);
/** Of ids that are a JSON list. */
export const hivesOfIds = finder<HiveRecord, { ids: string }>(
  hiveReader,
  byId,
  ({ ids }) => sql`${hives.id} IN (SELECT value FROM json_each(${ids}))`,
);
const lacksDevices = sql.raw(LACKS_DEVICES);
export const hivesWithDevices = finder<HiveRecord, object>(hiveReader, byId, () => not(lacksDevices));
export const hivesWithoutDevices = finder<HiveRecord, object>(hiveReader, byId, () => lacksDevices);
export const staleHives = finder<HiveRecord, { beforeMs: number }>(hiveReader, byHeartbeat, ({ beforeMs }) =>
  lt(hives.lastHeartbeatMs, beforeMs),
);

export const countHives = statement(() => build.select({ count: sql`count(*)` }).from(hives));
export const countWithStatus = statement<Status>(({ status }) =>
  build.select({ count: sql`count(*)` }).from(hives).where(eq(hives.status, status)),
);

/** The primary key decides races between two adds of one id. */
export const addHive = statement<HiveRow>((given) =>
  build.insert(hives).values(fieldsOf(hiveFields, given)).onConflictDoNothing({ target: hives.id }),
);

export const updateHive = statement<HiveRow & Now & Believable>((given) => {
  const { id, createdAtMs, ...columns } = fieldsOf(hiveFields, given);
  return build
    .update(hives)
    .set({ ...columns, lastHeartbeatMs: laterThanStored(given.lastHeartbeatMs, given), updatedAtMs: given.nowMs })
    .where(ofId(given))
    .returning(hiveReader.single);
});

export const setStatus = statement<Id & Status & Now>((given) =>
  build.update(hives).set({ status: given.status, updatedAtMs: given.nowMs }).where(ofId(given)),
);

export const setDevices = statement<Id & Now & Pick<HiveRow, "devices">>((given) =>
  build.update(hives).set({ devices: given.devices, updatedAtMs: given.nowMs }).where(ofId(given)),
);

/** Offline, unless a beat that can be believed came since. */
export const setOffline = statement<Id & Now & Believable & { notBeatSinceMs: number }>((given) => {
  const isSilent = or(
    isNull(hives.lastHeartbeatMs),
    lt(hives.lastHeartbeatMs, given.notBeatSinceMs),
    gt(hives.lastHeartbeatMs, given.believableMs),
  );
  return build
    .update(hives)
    .set({ status: "offline", updatedAtMs: given.nowMs })
    .where(and(ofId(given), ne(hives.status, "offline"), isSilent));
});

export const storeBeat = statement<Id & Believable & { beatMs: number }>((given) =>
  build
    .update(hives)
    .set({ lastHeartbeatMs: laterThanStored(given.beatMs, given) })
    .where(ofId(given)),
);

type Beats = Believable & { beats: string };

/** A group of beats is one JSON object, from ids to times: stored in two thirds of the time of an array of pairs, as measured. */
const storeGroup = (given: Given<Beats>) =>
  build
    .update(hives)
    .set({ lastHeartbeatMs: laterThanStored(sql`beat.value`, given) })
    .from(sql`json_each(${given.beats}) AS beat`)
    .where(sql`${hives.id} = beat.key`);
export const storeBeats = statement<Beats>(storeGroup);
/** The same; tells the ids of those that are there. */
export const storeBeatsAndTell = statement<Beats>((given) => storeGroup(given).returning({ id: hives.id }));
/** The ids of those that are there. */
export const hivesOfBeats = statement<Pick<Beats, "beats">>(({ beats }) =>
  build.select({ id: hives.id }).from(hives).where(sql`${hives.id} IN (SELECT key FROM json_each(${beats}))`),
);

/** A hive with all that belongs to it; what was done to it stays as history, for a while. The first says whether it was there. */
export const removal = [
  statement<Id & Now>((given) => build.delete(hives).where(ofId(given))),
  statement<Id & Now>(({ id }) => build.delete(cordons).where(eq(cordons.hiveId, id))),
  statement<Id & Now>((given) => removeLabels(given)),
  statement<Id & Now>((given) => removeGpus(given)),
  statement<Id & Now>(({ id }) => {
    const hasTokens = sql`EXISTS (SELECT 1 FROM ${tokens} WHERE ${eq(tokens.hiveId, id)})`;
    return renewRevision(tokens, hasTokens);
  }),
  statement<Id & Now>(({ id }) => {
    const itsTokens = build.select({ id: tokens.id }).from(tokens).where(eq(tokens.hiveId, id));
    return build.delete(sessions).where(inArray(sessions.tokenId, itsTokens));
  }),
  statement<Id & Now>(({ id }) => build.delete(tokens).where(eq(tokens.hiveId, id))),
  // Unfinished, it would stand in the way of a hive that is added under the same id.
  statement<Id & Now>(({ id, nowMs }) =>
    build
      .update(operations)
      .set({ state: "interrupted", problem: "the hive was removed", finishedAtMs: nowMs })
      .where(and(eq(operations.hiveId, id), isNull(operations.finishedAtMs))),
  ),
  statement<Id & Now>(({ id, nowMs }) =>
    build
      .update(operations)
      .set({ hiveRemovedAtMs: nowMs })
      .where(and(eq(operations.hiveId, id), isNull(operations.hiveRemovedAtMs))),
  ),
];
