import type { Row } from "@libsql/client";
import type { DeviceCapabilities } from "@repo/device-types";
import { sql } from "drizzle-orm";
import type { SQLiteColumn } from "drizzle-orm/sqlite-core";
import { decodeDevices } from "./devices-column.ts";
import {
  HIVE_ID_PATTERN,
  HIVE_STATUSES,
  type HiveRecord,
  type HiveStatus,
  isHost,
  MAX_PORT,
  MAX_TIME_MS,
} from "./record.ts";
import { hives } from "./schema.ts";

/*
 * A row travels as two texts of hexadecimal digits: its columns joined, and its devices. For two reasons, both measured: each value
 * that crosses the binding costs more than joining it does; and the binding aborts the whole process when it meets a text that is
 * not UTF-8, which one damaged row could do.
 */
const SEPARATOR = "\x1f";
const separator = sql.raw(`'${SEPARATOR}'`);

const COLUMNS = [
  hives.id,
  hives.host,
  hives.port,
  hives.sshHost,
  hives.sshPort,
  hives.sshUser,
  hives.status,
  hives.lastHeartbeatMs,
  hives.createdAtMs,
  hives.updatedAtMs,
] as const;

const HOST = "[0-9A-Za-z:.-]{1,253}";
const PORT = "\\d{1,5}";
const TIME = "\\d{1,16}";
/** One pattern for each of COLUMNS; what is NULL is an empty text. */
const PATTERNS = [
  "[A-Za-z0-9][A-Za-z0-9._-]{0,127}",
  HOST,
  PORT,
  `${HOST}|`,
  `${PORT}|`,
  "[A-Za-z0-9_.][A-Za-z0-9_.-]{0,31}|",
  HIVE_STATUSES.join("|"),
  `${TIME}|`,
  TIME,
  TIME,
];

/** 1 for a text or a number, 2 for NULL, 0 for a BLOB, which would pass for a text. */
const kindOf = (column: SQLiteColumn) => sql`ifnull(${column} < x'', 2)`;
/** Five digits: whether all columns that may not be NULL are texts or numbers, then the kinds of those that may. */
const kinds = sql`(max(${hives.id}, ${hives.host}, ${hives.port}, ${hives.status}, ${hives.createdAtMs}, ${hives.updatedAtMs}) < x'') * 10000 + ${kindOf(hives.sshHost)} * 1000 + ${kindOf(hives.sshPort)} * 100 + ${kindOf(hives.sshUser)} * 10 + ${kindOf(hives.lastHeartbeatMs)}`;

const ROW_ID = "(-?\\d+)";
const KINDS = "(\\d+)";
const SOUND_ROW = new RegExp(`^${[ROW_ID, ...PATTERNS.map((pattern) => `(${pattern})`), KINDS].join(SEPARATOR)}$`);
/** The whole match, the row id, COLUMNS, and the kinds. */
type SoundTexts = readonly [
  string,
  string,
  string,
  string,
  string,
  string,
  string,
  string,
  string,
  string,
  string,
  string,
  string,
];

const ID = 0;
const LAST_HEARTBEAT_MS = 7;

/** Where a row stands in the order of a finder. */
export type Position = { readonly id: string; readonly lastHeartbeatMs: number };

/** What every query for whole hives selects or returns; `toRecord` reads it. */
export const recordColumns = {
  text: sql<string>`hex(concat(${sql.join([sql`rowid`, ...COLUMNS, kinds], sql`, ${separator}, `)}))`.as("text"),
  devices: sql<string | null>`CASE WHEN ${hives.devicesJson} IS NOT NULL THEN hex(${hives.devicesJson}) END`.as(
    "devices",
  ),
};

/** One pass from a row to its record; undefined when any column is damaged: `explainDamage` says which. */
export function toRecord(row: Row): HiveRecord | undefined {
  const found = SOUND_ROW.exec(textOf(row));
  if (found === null) return undefined;
  const [, , id, host, port, sshHost, sshPort, sshUser, status, lastHeartbeatMs, createdAtMs, updatedAtMs, kinds] =
    found as unknown as SoundTexts;
  if (kinds !== `1${kind(sshHost)}${kind(sshPort)}${kind(sshUser)}${kind(lastHeartbeatMs)}`) return undefined;
  const devices = devicesOf(row);
  if (devices === undefined) return undefined;
  const record: HiveRecord = {
    id,
    host,
    port: Number(port),
    sshHost: sshHost || null,
    sshPort: sshPort === "" ? null : Number(sshPort),
    sshUser: sshUser || null,
    status: status as HiveStatus,
    lastHeartbeatMs: lastHeartbeatMs === "" ? null : Number(lastHeartbeatMs),
    devices,
    createdAtMs: Number(createdAtMs),
    updatedAtMs: Number(updatedAtMs),
  };
  return keepsRules(record) ? record : undefined;
}

/** Where a row stands in the order of a finder; undefined when its own columns do not say so. */
export function positionOf(row: Row): Position | undefined {
  const texts = textOf(row).split(SEPARATOR);
  const id = texts[1 + ID] ?? "";
  const isWhole = texts.length === COLUMNS.length + 2 && /^1\d{4}$/.test(texts.at(-1) ?? "");
  return isWhole && HIVE_ID_PATTERN.test(id)
    ? { id, lastHeartbeatMs: Number(texts[1 + LAST_HEARTBEAT_MS]) }
    : undefined;
}

/** SQLite's own number for a row, which no damage of its columns can hide. */
export function rowIdOf(row: Row): number {
  return Number(textOf(row).split(SEPARATOR, 1)[0]);
}

/** What the patterns of the columns cannot say. */
function keepsRules({ host, port, sshHost, sshPort, sshUser, lastHeartbeatMs, createdAtMs, updatedAtMs }: HiveRecord) {
  return (
    isHost(host) &&
    isPort(port) &&
    (sshHost === null ? sshPort === null && sshUser === null : isHost(sshHost)) &&
    (sshPort === null || isPort(sshPort)) &&
    (lastHeartbeatMs ?? 0) <= MAX_TIME_MS &&
    createdAtMs <= MAX_TIME_MS &&
    updatedAtMs <= MAX_TIME_MS
  );
}

function isPort(port: number): boolean {
  return port >= 1 && port <= MAX_PORT;
}

function kind(text: string): "1" | "2" {
  return text === "" ? "2" : "1";
}

function textOf(row: Row): string {
  return Buffer.from(row[0] as string, "hex").toString("latin1");
}

/** Undefined when they are damaged. */
function devicesOf(row: Row): DeviceCapabilities | null | undefined {
  const hex = row[1] as string | null;
  if (hex === null) return null;
  try {
    return decodeDevices(hex);
  } catch {
    return undefined;
  }
}
