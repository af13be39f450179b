import type { Row, Value } from "@libsql/client";
import type { DeviceCapabilities } from "@repo/device-types";
import { type SQL, sql } from "drizzle-orm";
import type { SQLiteColumn } from "drizzle-orm/sqlite-core";
import { decodeDevices } from "./devices-column.ts";
import { HiveCatalogError } from "./errors.ts";
import {
  HIVE_ID_PATTERN,
  type HiveRecord,
  type HiveStatus,
  isHost,
  isSshUser,
  MAX_PORT,
  MAX_TIME_MS,
} from "./record.ts";
import { hives } from "./schema.ts";

/** One column of one stored hive that another program damaged. `id` is what the row holds for an id, as text. */
export type DamagedHive = { readonly id: string; readonly column: string; readonly problem: string };

type Column = {
  readonly column: SQLiteColumn;
  /** What is selected in place of the bare column. */
  readonly guarded: SQL;
  readonly isSound: (value: Value | undefined, row: Row) => boolean;
  readonly rule: string;
};

/*
 * Columns are guarded in SQL, because the binding aborts the process when it meets a text that is not UTF-8, and because
 * a server's client refuses integers beyond 2^53: what cannot be sound arrives as a BLOB. A guard costs one comparison.
 */
const asText = (column: SQLiteColumn): SQL =>
  sql`CASE WHEN ${column} GLOB '*[^ -~]*' THEN CAST(${column} AS BLOB) ELSE ${column} END`;
const asOneOf = (column: SQLiteColumn, values: readonly string[]): SQL =>
  sql`CASE WHEN ${column} IN (${sql.raw(values.map((value) => `'${value}'`).join(", "))}) THEN ${column} ELSE CAST(${column} AS BLOB) END`;
const asInteger = (column: SQLiteColumn, min: number, max: number): SQL =>
  sql`CASE WHEN ${column} NOT BETWEEN ${sql.raw(`${min} AND ${max}`)} THEN CAST(${column} AS BLOB) ELSE ${column} END`;
/** Hexadecimal, because names of GPUs may hold any character, and reading a BLOB costs more. */
const asHex = (column: SQLiteColumn): SQL => sql`CASE WHEN ${column} IS NOT NULL THEN hex(${column}) END`;

const SSH_HOST = 3;
const DEVICES = 8;

const isHostText = (value: Value | undefined) => typeof value === "string" && isHost(value);
const isInteger = (value: Value | undefined) => Number.isInteger(value);
const HOST_RULE = "must be a host name or an IP address";
const PORT_RULE = `must be an integer from 1 to ${MAX_PORT}`;
const TIME_RULE = "must be a time in milliseconds, an integer from 0";
const time = (column: SQLiteColumn) => asInteger(column, 0, MAX_TIME_MS);

const COLUMNS: readonly Column[] = [
  {
    column: hives.id,
    guarded: asText(hives.id),
    isSound: (value) => typeof value === "string" && HIVE_ID_PATTERN.test(value),
    rule: "must be a hive id",
  },
  { column: hives.host, guarded: asText(hives.host), isSound: isHostText, rule: HOST_RULE },
  { column: hives.port, guarded: asInteger(hives.port, 1, MAX_PORT), isSound: isInteger, rule: PORT_RULE },
  {
    column: hives.sshHost,
    guarded: asText(hives.sshHost),
    isSound: (value) => value === null || isHostText(value),
    rule: HOST_RULE,
  },
  {
    column: hives.sshPort,
    guarded: asInteger(hives.sshPort, 1, MAX_PORT),
    isSound: (value, row) => value === null || (isInteger(value) && row[SSH_HOST] !== null),
    rule: `${PORT_RULE}, and only with ssh_host`,
  },
  {
    column: hives.sshUser,
    guarded: asText(hives.sshUser),
    isSound: (value, row) =>
      value === null || (typeof value === "string" && isSshUser(value) && row[SSH_HOST] !== null),
    rule: "must be a POSIX user name, and only with ssh_host",
  },
  {
    column: hives.status,
    guarded: asOneOf(hives.status, hives.status.enumValues),
    isSound: (value) => typeof value === "string",
    rule: `must be one of ${hives.status.enumValues.join(", ")}`,
  },
  {
    column: hives.lastHeartbeatMs,
    guarded: time(hives.lastHeartbeatMs),
    isSound: (value) => value === null || isInteger(value),
    rule: TIME_RULE,
  },
  {
    column: hives.devicesJson,
    guarded: asHex(hives.devicesJson),
    isSound: (value) => value === null || devicesProblem(value) === undefined,
    rule: "must be devices as JSON",
  },
  { column: hives.createdAtMs, guarded: time(hives.createdAtMs), isSound: isInteger, rule: TIME_RULE },
  { column: hives.updatedAtMs, guarded: time(hives.updatedAtMs), isSound: isInteger, rule: TIME_RULE },
];

/** What every query for whole hives selects or returns, in the order in which `toRecord` reads it. */
export const recordColumns = Object.fromEntries(COLUMNS.map(({ column, guarded }) => [column.name, guarded]));

/** One pass from a row to its record; undefined when any column is damaged. */
export function toRecord(row: Row): HiveRecord | undefined {
  for (let position = 0; position < COLUMNS.length; position++) {
    if (position !== DEVICES && !COLUMNS[position]?.isSound(row[position], row)) return undefined;
  }
  let devices: DeviceCapabilities | null = null;
  const hex = row[DEVICES] as string | null;
  if (hex !== null) {
    try {
      devices = decodeDevices(hex);
    } catch {
      return undefined;
    }
  }
  return {
    id: row[0] as string,
    host: row[1] as string,
    port: row[2] as number,
    sshHost: row[3] as string | null,
    sshPort: row[4] as number | null,
    sshUser: row[5] as string | null,
    status: row[6] as HiveStatus,
    lastHeartbeatMs: row[7] as number | null,
    devices,
    createdAtMs: row[9] as number,
    updatedAtMs: row[10] as number,
  };
}

/** Every damaged column of a row that `toRecord` refused. */
export function findDamage(row: Row): DamagedHive[] {
  return COLUMNS.flatMap(({ column, isSound, rule }, position) => {
    const value = row[position];
    if (isSound(value, row)) return [];
    const problem = position === DEVICES ? `${rule}: ${devicesProblem(value)}` : `${rule}, is ${shown(value)}`;
    return [{ id: shown(row[0]), column: column.name, problem }];
  });
}

/** The error for a single read of a damaged hive. */
export function corruptHive(row: Row): HiveCatalogError {
  const damage = findDamage(row);
  const id = damage[0]?.id ?? shown(row[0]);
  const columns = damage.map(({ column, problem }) => `${column} ${problem}`).join("; ");
  return new HiveCatalogError("CORRUPT_HIVE", `the stored hive '${id}' is damaged: ${columns}`, {
    hiveId: id,
    problems: damage.map(({ column, problem }) => ({ field: column, message: problem })),
  });
}

function devicesProblem(value: Value | undefined): string | undefined {
  try {
    decodeDevices(String(value));
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

const MAX_SHOWN = 128;

function shown(value: Value | undefined): string {
  if (value === null || value === undefined) return "NULL";
  const text = typeof value === "object" ? Buffer.from(value).toString("utf8") : String(value);
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}
