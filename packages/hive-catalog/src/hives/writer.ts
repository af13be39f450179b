import { isDeepStrictEqual } from "node:util";
import { and, eq, isNotNull, isNull, or, type SQL, sql } from "drizzle-orm";
import type { CallClient, SqlResult } from "../drivers/client.ts";
import { HiveCatalogError, hiveNotFound } from "../errors.ts";
import {
  checkBoolean,
  checkHive,
  checkInteger,
  DevicesArgument,
  hasFields,
  IdArgument,
  invalidArgument,
  invalidHive,
  isKey,
  StatusArgument,
  tooManyLabels,
} from "../model/check.ts";
import type { Field, Fields } from "../model/fields.ts";
import {
  type DevicesInput,
  HiveChanges,
  HiveInput,
  type HiveRecord,
  type HiveStatus,
  hiveFields,
  ONLY_WITH_SSH_HOST,
  rulesBut,
  SSH_FIELDS,
  SshSettings,
} from "../model/hive.ts";
import type { PatchOptions } from "../options.ts";
import { hives } from "../schema.ts";
import { bound, build } from "../sql/statement.ts";
import { belongingsOf, belongingsWhile } from "../traits/belongings.ts";
import { haveRoom, keepValues } from "../traits/labels.ts";
import { latestBelievableMs } from "./heartbeat-rule.ts";
import { readHive, soundValues } from "./reader.ts";
import * as statements from "./statements.ts";
import { type HiveRow, hiveReader } from "./statements.ts";

export async function updateHive(client: CallClient, hive: HiveInput, nowMs: number): Promise<HiveRecord> {
  const { labels, ...record } = await checkedInput(client, saidBy(hive));
  const row = columnsOf(record);
  const devices = { devices: record.devices, devicesJson: row.devices };
  const results = await client.batch([
    ...belongingsOf(record.id, { labels, devices }),
    statements.updateHive({ ...row, nowMs, believableMs: latestBelievableMs(nowMs) }),
  ]);
  return returned(record.id, results.at(-1));
}

export async function patchHive(
  client: CallClient,
  id: string,
  changes: HiveChanges,
  nowMs: number,
  { replacesLabels = false, keepsLabels = false }: PatchOptions = {},
): Promise<HiveRecord> {
  checkBoolean("replacesLabels", replacesLabels);
  checkBoolean("keepsLabels", keepsLabels);
  checkHive(IdArgument, { id });
  const { labels = {}, ...fields } = await checkedChanges(client, id, saidBy(changes));
  const named = Object.entries(fields).filter(([, value]) => value !== undefined);
  const hasLabels = replacesLabels || Object.keys(labels).length > 0;
  if (named.length === 0 && !hasLabels) return storedHive(client, id);
  const { devices } = fields;
  const columns = columnsOf(Object.fromEntries(named) as Partial<HiveRecord>);
  const given = { id, labels: JSON.stringify(labels) };
  const room = hasLabels && !replacesLabels ? haveRoom(given) : undefined;
  const kept = hasLabels && keepsLabels ? keepValues(given) : undefined;
  const ssh = keepsSshRule(fields);
  const where = and(ssh, room, kept) ?? sql`true`;
  const belongings = belongingsWhile(where)(id, {
    labels: hasLabels ? labels : undefined,
    mergesLabels: !replacesLabels,
    devices: devices === undefined ? undefined : { devices, devicesJson: columns.devices ?? null },
  });
  const patch = build
    .update(hives)
    .set({ ...columns, updatedAtMs: nowMs })
    .where(and(eq(hives.id, id), where))
    .returning(hiveReader.single);
  const result = (await client.batch([...belongings, bound(patch.toSQL())])).at(-1);
  if (result?.rows.length !== 0) return returned(id, result);
  await storedHive(client, id);
  if (room && !(await holds(client, room))) throw tooManyLabels(id);
  if (kept && !(await holds(client, kept))) throw otherLabels(id);
  // It was added after that, or another program put a trigger on the table that ignores changes.
  throw ssh === undefined ? hiveNotFound(id) : brokenSshRule(id, fields);
}

export async function setStatus(client: CallClient, id: string, status: HiveStatus, nowMs: number): Promise<void> {
  checkHive(StatusArgument, { id, status });
  const { rowsAffected } = await client.execute(statements.setStatus({ id, status, nowMs }));
  if (rowsAffected === 0) throw hiveNotFound(id);
}

export async function setOffline(
  client: CallClient,
  id: string,
  notBeatSinceMs: number,
  nowMs: number,
): Promise<boolean> {
  checkInteger("notBeatSinceMs", notBeatSinceMs, 0);
  if (!isKey(id)) return false;
  const values = { id, notBeatSinceMs, nowMs, believableMs: latestBelievableMs(nowMs) };
  return (await client.execute(statements.setOffline(values))).rowsAffected > 0;
}

export async function setDevices(client: CallClient, id: string, devices: DevicesInput, nowMs: number): Promise<void> {
  const checked = checkHive(DevicesArgument, { id, devices });
  const { devices: devicesJson } = columnsOf({ devices: checked.devices });
  const results = await client.batch([
    ...belongingsOf(id, { devices: { devices: checked.devices, devicesJson } }),
    statements.setDevices({ id, devices: devicesJson, nowMs }),
  ]);
  if (results.at(-1)?.rowsAffected === 0) throw hiveNotFound(id);
}

export async function removeHive(client: CallClient, id: string, nowMs: number): Promise<boolean> {
  if (typeof id !== "string") throw invalidArgument("id", "must be a string");
  if (!isKey(id)) return false;
  const [removed] = await client.batch(statements.removal.map((statement) => statement({ id, nowMs })));
  return (removed?.rowsAffected ?? 0) > 0;
}

/** Holds for the rows in which, after these changes, an SSH port or user stands only beside an SSH host; and for those that have it so already. */
function keepsSshRule(changes: HiveChanges): SQL | undefined {
  const named = SSH_FIELDS.filter((name) => changes[name] !== undefined);
  if (named.length === 0) return undefined;
  const after = (name: (typeof SSH_FIELDS)[number]) =>
    changes[name] === undefined ? sql`${hives[name]}` : sql`${changes[name]}`;
  const keepsRule = or(isNotNull(after("sshHost")), and(isNull(after("sshPort")), isNull(after("sshUser"))));
  return or(keepsRule, and(...named.map((name) => sql`${hives[name]} IS ${changes[name]}`)));
}

/** The INVALID_HIVE for changes that `keepsSshRule` kept out. */
function brokenSshRule(id: string, changes: HiveChanges): HiveCatalogError {
  const named = (["sshPort", "sshUser"] as const).filter((name) => (changes[name] ?? null) !== null);
  const problems = named.map((field) => ({ field, message: ONLY_WITH_SSH_HOST }));
  const ofHost = { field: "sshHost", message: "is needed as long as there is an sshPort or an sshUser" };
  return invalidHive(id, problems.length > 0 ? problems : [ofHost]);
}

/** For changes that may set labels alone that are not there. */
const otherLabels = (id: string): HiveCatalogError =>
  invalidHive(id, [{ field: "labels", message: "must be no other values than those that are there" }]);

const SAYABLE = [...Object.keys(hiveFields), "labels"];

/** What an object of a caller says, the getters of its class among it. */
function saidBy<Said extends object>(said: Said): Said {
  if (!hasFields(said)) return said;
  const gotten = SAYABLE.filter((name) => name in said && !Object.hasOwn(said, name)) as (keyof Said)[];
  return { ...said, ...Object.fromEntries(gotten.map((name) => [name, said[name]])) };
}

async function holds(client: CallClient, condition: SQL): Promise<boolean> {
  return (await client.first(bound(build.select({ holds: condition }).from(sql`(SELECT 1)`).toSQL())))?.[0] === 1;
}

async function storedHive(client: CallClient, id: string): Promise<HiveRecord> {
  const hive = await readHive(client, id);
  if (hive === undefined) throw hiveNotFound(id);
  return hive;
}

async function checkedInput(client: CallClient, hive: HiveInput): Promise<HiveInput> {
  try {
    return checkHive(HiveInput, hive);
  } catch (error) {
    const unchanged = await unchangedFields(client, hive?.id, hive);
    if (unchanged.length === 0) throw isOfIdAlone(error) && isKey(hive?.id) ? hiveNotFound(hive.id) : error;
    const changed = checkHive(rulesBut(unchanged), without(hive, unchanged), hive.id);
    if (SSH_FIELDS.some((name) => !unchanged.includes(name))) checkHive(SshSettings, hive);
    return { ...hive, ...changed };
  }
}

async function checkedChanges(client: CallClient, id: string, changes: HiveChanges): Promise<HiveChanges> {
  try {
    return checkHive(HiveChanges, changes, id);
  } catch (error) {
    const unchanged = await unchangedFields(client, id, changes);
    const own = unchanged.filter((name) => name in HiveChanges.shape);
    if (own.length === 0) throw error;
    return checkHive(HiveChanges, without(changes, own), id);
  }
}

/** The fields of a refused input that are sent back as they are stored: only what changes is held to the rules. */
async function unchangedFields(client: CallClient, id: unknown, input: object): Promise<string[]> {
  if (!isKey(id) || typeof input !== "object" || input === null) return [];
  const stored = (await soundValues(client, id)) ?? {};
  const isUnchanged = (name: string, value: unknown) => name in stored && isDeepStrictEqual(value, stored[name]);
  return Object.entries(input).flatMap(([name, value]) => (isUnchanged(name, value) ? [name] : []));
}

function returned(id: string, result: SqlResult | undefined): HiveRecord {
  const [row] = result?.rows ?? [];
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
export function columnsOf<F extends Partial<HiveInput>>(
  fields: F,
): { [Name in keyof F]: HiveRow[Name & keyof HiveRow] } {
  const all: Fields = hiveFields;
  const column = ([name, value]: [string, unknown]) => {
    const { encode } = (all[name] as Field).stored;
    return [name, encode === undefined || value === null ? value : JSON.stringify(encode(value as never))];
  };
  return Object.fromEntries(Object.entries(fields).map(column));
}
