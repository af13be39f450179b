import type { DeviceCapabilities } from "@repo/device-types";
import { and, eq } from "drizzle-orm";
import { HiveCatalogError, hiveNotFound } from "../errors.ts";
import {
  checkHive,
  checkInteger,
  DevicesInput,
  IdInput,
  invalidArgument,
  isHiveId,
  StatusInput,
} from "../model/check.ts";
import { HiveChanges, HiveRecord, type HiveStatus, NewHive } from "../model/hive.ts";
import { hives } from "../schema.ts";
import type { Database } from "../sql/open.ts";
import { Statement } from "../sql/statement.ts";
import { encodeDevices } from "./devices-column.ts";
import { latestBelievableMs } from "./heartbeat-rule.ts";
import type { HiveReader } from "./reader.ts";
import { recordColumns, toRecord } from "./rows.ts";
import { brokenSshRule, keepsSshRule } from "./ssh-rule.ts";
import type { Statements } from "./statements.ts";

type Parts = { database: Database; statements: Statements; reader: HiveReader; now: () => number };

/** What tells one state of a row from another. */
type Version = { isThere: boolean; created: string; updated: string; status: string };

/** Changes hives, as the verbs of the catalog say. A change whose answer may be lost is repeated where twice does no harm. */
export class HiveWriter {
  readonly #database: Database;
  readonly #statements: Statements;
  readonly #reader: HiveReader;
  readonly #now: () => number;

  constructor({ database, statements, reader, now }: Parts) {
    this.#database = database;
    this.#statements = statements;
    this.#reader = reader;
    this.#now = now;
  }

  async add(hive: NewHive): Promise<HiveRecord> {
    const checked = checkHive(NewHive, hive);
    const nowMs = this.#now();
    const record: HiveRecord = {
      id: checked.id,
      host: checked.host,
      port: checked.port,
      sshHost: checked.sshHost ?? null,
      sshPort: checked.sshPort ?? null,
      sshUser: checked.sshUser ?? null,
      status: checked.status ?? "unknown",
      lastHeartbeatMs: checked.lastHeartbeatMs ?? null,
      devices: checked.devices ?? null,
      createdAtMs: checked.createdAtMs ?? nowMs,
      updatedAtMs: checked.updatedAtMs ?? nowMs,
    };
    const values = { ...record, devicesJson: encodeDevices(record.devices) };
    const added = await this.#database.retry(async (isRepeat) => {
      if ((await this.#statements.add.run(values)) > 0) return record;
      return isRepeat ? this.#ownRow(record) : undefined;
    });
    if (added) return added;
    const message = `there is a hive '${record.id}' in the catalog already`;
    throw new HiveCatalogError("HIVE_ALREADY_EXISTS", message, { hiveId: record.id });
  }

  async update(hive: HiveRecord): Promise<HiveRecord> {
    const { devices, ...record } = checkHive(HiveRecord, hive);
    const nowMs = this.#now();
    const values = { ...record, devicesJson: encodeDevices(devices), nowMs, believableMs: latestBelievableMs(nowMs) };
    const [row] = await this.#statements.update.rows(values);
    if (row === undefined) throw hiveNotFound(record.id);
    return await this.#reader.record(row);
  }

  async patch(id: string, changes: HiveChanges): Promise<HiveRecord> {
    checkHive(IdInput, { id });
    const { devices, ...fields } = checkHive(HiveChanges, changes, id);
    if (devices === undefined && Object.values(fields).every((value) => value === undefined)) {
      const row = await this.#statements.get.row({ id });
      if (row === undefined) throw hiveNotFound(id);
      return await this.#reader.record(row);
    }
    const devicesJson = devices === undefined ? {} : { devicesJson: encodeDevices(devices) };
    const { client, db } = this.#database;
    const patch = db
      .update(hives)
      .set({ ...fields, ...devicesJson, updatedAtMs: this.#now() })
      .where(and(eq(hives.id, id), keepsSshRule(fields)))
      .returning(recordColumns);
    const [row] = await new Statement(client, () => patch).rows();
    if (row) return await this.#reader.record(row);
    if ((await this.#statements.exists.rows({ id })).length === 0) throw hiveNotFound(id);
    throw brokenSshRule(id, fields);
  }

  async setStatus(id: string, status: HiveStatus): Promise<void> {
    checkHive(StatusInput, { id, status });
    const values = { id, status, nowMs: this.#now() };
    const before = await this.#versionOf(id);
    const isThere = await this.#database.retry(async (isRepeat) =>
      isRepeat ? this.#repeatStatus(values, before) : (await this.#statements.setStatus.run(values)) > 0,
    );
    if (!isThere) throw hiveNotFound(id);
  }

  /**
   * Whether the hive is there. Another status than before is this one, or was set by somebody else during this call and stays; while it is
   * the one before, only other things were changed.
   */
  async #repeatStatus(values: { id: string; status: HiveStatus }, before: Version): Promise<boolean> {
    for (let seen = before; ; ) {
      const given = { ...values, nowMs: this.#now(), updated: seen.updated };
      if ((await this.#statements.setStatusOfVersion.run(given)) > 0) return true;
      seen = await this.#versionOf(values.id);
      if (!seen.isThere || seen.status !== before.status) return seen.isThere;
    }
  }

  async setOffline(id: string, notBeatSinceMs: number): Promise<boolean> {
    checkInteger("notBeatSinceMs", notBeatSinceMs, 0);
    if (!isHiveId(id)) return false;
    const nowMs = this.#now();
    const values = { id, notBeatSinceMs, nowMs, believableMs: latestBelievableMs(nowMs) };
    return (await this.#statements.setOffline.run(values)) > 0;
  }

  async setDevices(id: string, devices: DeviceCapabilities): Promise<void> {
    const checked = checkHive(DevicesInput, { id, devices });
    const values = { id, devicesJson: encodeDevices(checked.devices), nowMs: this.#now() };
    if ((await this.#database.retry(() => this.#statements.setDevices.run(values))) === 0) throw hiveNotFound(id);
  }

  async remove(id: string): Promise<boolean> {
    if (typeof id !== "string") throw invalidArgument("id", "must be a string");
    const before = await this.#versionOf(id);
    const { remove, removeOfVersion, removeCordon, removeTokens, pruneOperations } = this.#statements;
    return this.#database.retry(async (isRepeat) => {
      const hive = isRepeat ? removeOfVersion.bound({ id, ...before }) : remove.bound({ id });
      const statements = [hive, ...[removeCordon, removeTokens, pruneOperations].map((one) => one.bound({ id }))];
      const [removed] = await this.#database.client.batch(statements, "write");
      return isRepeat ? before.isThere : (removed?.rowsAffected ?? 0) > 0;
    });
  }

  /** The row that an earlier attempt of the same add stored: nobody else added this hive with this address at that time. */
  async #ownRow(added: HiveRecord): Promise<HiveRecord | undefined> {
    const [row] = await this.#statements.get.rows({ id: added.id });
    const stored = row && toRecord(row);
    const isOwn = (name: keyof HiveRecord) => stored?.[name] === added[name];
    return (["host", "port", "sshHost", "sshPort", "sshUser", "createdAtMs"] as const).every(isOwn)
      ? stored
      : undefined;
  }

  /** What a repeated change compares the row with. Nothing is read where no answer can be lost. */
  async #versionOf(id: string): Promise<Version> {
    const [row] = this.#database.isRemote ? await this.#statements.version.rows({ id }) : [];
    return {
      isThere: row !== undefined,
      created: String(row?.[0]),
      updated: String(row?.[1]),
      status: String(row?.[2]),
    };
  }
}
