import { isDeepStrictEqual } from "node:util";
import { and, eq } from "drizzle-orm";
import type { RequestOptions, SqlClient, SqlResult, SqlStatement, SqlValue } from "../drivers/client.ts";
import { HiveCatalogError, hiveNotFound } from "../errors.ts";
import {
  checkHive,
  checkInteger,
  DevicesArgument,
  IdInput,
  invalidArgument,
  isKey,
  StatusInput,
} from "../model/check.ts";
import type { Field, Fields } from "../model/fields.ts";
import {
  type DevicesInput,
  HiveChanges,
  type HiveInput,
  HiveRecord,
  type HiveStatus,
  hiveFields,
  NewHive,
  newHiveRecord,
  rulesBut,
  SSH_FIELDS,
  SshSettings,
} from "../model/hive.ts";
import { hives } from "../schema.ts";
import { bound, build } from "../sql/statement.ts";
import { latestBelievableMs } from "./heartbeat-rule.ts";
import type { HiveReader } from "./reader.ts";
import { brokenSshRule, keepsSshRule } from "./ssh-rule.ts";
import {
  addHive,
  type HiveRow,
  hiveReader,
  removal,
  setDevices,
  setOffline,
  setStatus,
  updateHive,
} from "./statements.ts";

type Parts = { client: SqlClient; reader: HiveReader; now: () => number };

/** Changes hives, as the verbs of the catalog say. */
export class HiveWriter {
  readonly #client: SqlClient;
  readonly #reader: HiveReader;
  readonly #now: () => number;

  constructor({ client, reader, now }: Parts) {
    this.#client = client;
    this.#reader = reader;
    this.#now = now;
  }

  async add(hive: NewHive, request: RequestOptions): Promise<HiveRecord> {
    const record = newHiveRecord(checkHive(NewHive, hive), this.#now());
    const added = await this.#client.execute(addHive(rowOf(record)), { ...request, isRepeatable: true });
    if (added.rowsAffected > 0) return record;
    const own = added.isRepeat ? await this.#ownRow(record, request) : undefined;
    if (own) return own;
    const message = `there is a hive '${record.id}' in the catalog already`;
    throw new HiveCatalogError("HIVE_ALREADY_EXISTS", message, { hiveId: record.id });
  }

  async update(hive: HiveInput, request: RequestOptions): Promise<HiveRecord> {
    const record = await this.#checkedRecord(hive, request);
    const nowMs = this.#now();
    const values = { ...rowOf(record), nowMs, believableMs: latestBelievableMs(nowMs) };
    return returned(record.id, await this.#client.execute(updateHive(values), request));
  }

  async patch(id: string, changes: HiveChanges, request: RequestOptions): Promise<HiveRecord> {
    checkHive(IdInput, { id });
    const fields = await this.#checkedChanges(id, changes, request);
    const named = Object.entries(fields).filter(([, value]) => value !== undefined);
    if (named.length === 0) return this.#stored(id, request);
    const patch = build
      .update(hives)
      .set({ ...columnsOf(Object.fromEntries(named)), updatedAtMs: this.#now() })
      .where(and(eq(hives.id, id), keepsSshRule(fields)))
      .returning(hiveReader.single);
    const result = await this.#client.execute(bound(patch.toSQL()), request);
    if (result.rows.length > 0) return returned(id, result);
    await this.#stored(id, request);
    throw brokenSshRule(id, fields);
  }

  async setStatus(id: string, status: HiveStatus, request: RequestOptions): Promise<void> {
    checkHive(StatusInput, { id, status });
    await this.#change(id, setStatus({ id, status, nowMs: this.#now() }), request);
  }

  async setOffline(id: string, notBeatSinceMs: number, request: RequestOptions): Promise<boolean> {
    checkInteger("notBeatSinceMs", notBeatSinceMs, 0);
    if (!isKey(id)) return false;
    const nowMs = this.#now();
    const values = { id, notBeatSinceMs, nowMs, believableMs: latestBelievableMs(nowMs) };
    return (await this.#client.execute(setOffline(values), request)).rowsAffected > 0;
  }

  async setDevices(id: string, devices: DevicesInput, request: RequestOptions): Promise<void> {
    const checked = checkHive(DevicesArgument, { id, devices });
    await this.#change(
      id,
      setDevices({ id, devices: String(columnsOf({ devices: checked.devices }).devices), nowMs: this.#now() }),
      request,
    );
  }

  async remove(id: string, request: RequestOptions): Promise<boolean> {
    if (typeof id !== "string") throw invalidArgument("id", "must be a string");
    if (!isKey(id)) return false;
    const values = { id, nowMs: this.#now() };
    const [removed] = await this.#client.batch(
      removal.map((statement) => statement(values)),
      request,
    );
    return (removed?.rowsAffected ?? 0) > 0;
  }

  async #change(id: string, statement: SqlStatement, request: RequestOptions): Promise<void> {
    if ((await this.#client.execute(statement, request)).rowsAffected === 0) throw hiveNotFound(id);
  }

  async #stored(id: string, request: RequestOptions): Promise<HiveRecord> {
    const hive = await this.#reader.get(id, request);
    if (hive === undefined) throw hiveNotFound(id);
    return hive;
  }

  /** The row that an earlier attempt of the same add stored: nobody else added this hive with this address at that time. */
  async #ownRow(added: HiveRecord, request: RequestOptions): Promise<HiveRecord | undefined> {
    const stored = await this.#reader.get(added.id, request);
    const isOwn = (name: keyof HiveRecord) => stored?.[name] === added[name];
    return (["host", "port", ...SSH_FIELDS, "createdAtMs"] as const).every(isOwn) ? stored : undefined;
  }

  async #checkedRecord(hive: HiveInput, request: RequestOptions): Promise<HiveRecord> {
    try {
      return checkHive(HiveRecord, hive);
    } catch (error) {
      const unchanged = await this.#unchanged(hive?.id, hive, request);
      if (unchanged.length === 0) throw isOfIdAlone(error) && isKey(hive?.id) ? hiveNotFound(hive.id) : error;
      const changed = checkHive(rulesBut(unchanged), without(hive, unchanged), hive.id);
      if (SSH_FIELDS.some((name) => !unchanged.includes(name))) checkHive(SshSettings, hive);
      return { ...(hive as HiveRecord), ...changed };
    }
  }

  async #checkedChanges(id: string, changes: HiveChanges, request: RequestOptions): Promise<HiveChanges> {
    try {
      return checkHive(HiveChanges, changes, id);
    } catch (error) {
      const unchanged = await this.#unchanged(id, changes, request);
      const own = unchanged.filter((name) => name in HiveChanges.shape);
      if (own.length === 0) throw error;
      return checkHive(HiveChanges, without(changes, own), id);
    }
  }

  /** The fields of a refused input that are sent back as they are stored: only what changes is held to the rules. */
  async #unchanged(id: unknown, input: object, request: RequestOptions): Promise<string[]> {
    if (!isKey(id) || typeof input !== "object" || input === null) return [];
    const stored = await this.#reader.soundValues(id, request);
    if (stored === undefined) return [];
    return Object.entries(input)
      .filter(([name, value]) => name in stored && isDeepStrictEqual(value, stored[name]))
      .map(([name]) => name);
  }
}

function returned(id: string, { rows: [row] }: SqlResult): HiveRecord {
  const hive = row && hiveReader.record(row);
  if (hive === undefined) throw hiveNotFound(id);
  return hive;
}

function isOfIdAlone(error: unknown): boolean {
  return error instanceof HiveCatalogError && error.problems.every(({ field }) => field === "id");
}

function without(input: object, names: readonly string[]): object {
  return Object.fromEntries(Object.entries(input).filter(([name]) => !names.includes(name)));
}

/** Fields as their columns hold them. */
function columnsOf(fields: object): Record<string, SqlValue> {
  const all: Fields = hiveFields;
  const column = ([name, value]: [string, unknown]) => {
    const { stored, toJson = (same: unknown) => same } = all[name] as Field;
    const isJson = stored.decode !== undefined && value !== null;
    return [name, isJson ? JSON.stringify(toJson(value as never)) : value];
  };
  return Object.fromEntries(Object.entries(fields).map(column));
}

function rowOf(record: HiveRecord): HiveRow {
  return columnsOf(record) as HiveRow;
}
