import { isUtf8 } from "node:buffer";
import type { Row } from "@libsql/client";
import type { DeviceCapabilities } from "@repo/device-types";
import { sql } from "drizzle-orm";
import type { SQLiteColumn } from "drizzle-orm/sqlite-core";
import {
  HIVE_ID_PATTERN,
  HIVE_STATUSES,
  type HiveRecord,
  type HiveStatus,
  isHost,
  MAX_PORT,
  MAX_TIME_MS,
  SSH_USER,
} from "../model/hive.ts";
import { hives } from "../schema.ts";
import { decodeDevices } from "./devices-column.ts";

/*
 * A row travels as one line of text in a BLOB, and a page of rows as one BLOB of lines. For two reasons, both measured: each value that
 * crosses the binding costs more than joining it does; and the binding aborts the whole process when it meets a text that is not
 * UTF-8, which one damaged row could do. The separators are control characters, which no sound column holds.
 */
const COLUMN_END = "\x1f";
const LINE_END = "\x1e";
const columnEnd = sql.raw(`'${COLUMN_END}'`);
const lineEnd = sql.raw(`'${LINE_END}'`);

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
  withoutAnchors(HIVE_ID_PATTERN),
  HOST,
  PORT,
  `${HOST}|`,
  `${PORT}|`,
  `${withoutAnchors(SSH_USER)}|`,
  HIVE_STATUSES.join("|"),
  `${TIME}|`,
  TIME,
  TIME,
];

/** 1 for a text or a number, 2 for NULL, 0 for a BLOB, which would pass for a text. */
const kindOf = (column: SQLiteColumn, place: number) => sql`ifnull(${column} < x'', 2) * ${sql.raw(String(place))}`;
/** Six digits: whether all columns that may not be NULL are texts or numbers, then the kinds of those that may. */
const kinds = sql`(max(${hives.id}, ${hives.host}, ${hives.port}, ${hives.status}, ${hives.createdAtMs}, ${hives.updatedAtMs}) < x'') * 100000 + ${kindOf(hives.sshHost, 10_000)} + ${kindOf(hives.sshPort, 1000)} + ${kindOf(hives.sshUser, 100)} + ${kindOf(hives.lastHeartbeatMs, 10)} + ${kindOf(hives.devicesJson, 1)}`;
const line = sql`concat(${sql.join([sql`rowid`, ...COLUMNS, kinds, hives.devicesJson], sql`, ${columnEnd}, `)})`;

const ROW_ID = "(-?\\d+)";
const KINDS = "1[12]{5}";
const DEVICES = `([^${COLUMN_END}]*)`;
const SOUND_LINE = new RegExp(
  `^${[ROW_ID, ...PATTERNS.map((pattern) => `(${pattern})`), `(${KINDS})`, DEVICES].join(COLUMN_END)}$`,
);
/** The whole match, the row id, COLUMNS, the kinds, and the devices. */
type SoundLine = readonly [
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
  string,
];

/** What a statement for single rows selects or returns: `toRecord` reads it. */
export const recordColumns = { line: sql`CAST(${line} AS BLOB)`.as("line") };

/** What the inner query of a page selects. */
export const lineColumns = { line: line.as("line") };

/** What a page selects from its inner query: `toRecords` reads it. */
export const pageColumns = {
  lines: sql`CAST(group_concat(line, ${lineEnd}) AS BLOB)`.as("lines"),
  count: sql`count(*)`.as("count"),
};

/** The records of a page, in order; undefined when anything in it is damaged: its rows then have to be read one by one. */
export function toRecords(page: Row): HiveRecord[] | undefined {
  const count = Number(page[1]);
  if (count === 0) return [];
  const bytes = bytesOf(page);
  if (!isUtf8(bytes)) return undefined;
  const records: HiveRecord[] = [];
  for (let start = 0; start <= bytes.length; ) {
    const found = bytes.indexOf(LINE_END, start, "latin1");
    const end = found === -1 ? bytes.length : found;
    // A text of its own for each line: parts of it keep it in memory, but not the whole page.
    const record = recordIn(bytes.toString("utf8", start, end));
    if (record === undefined) return undefined;
    records.push(record);
    start = end + 1;
  }
  return records.length === count ? records : undefined;
}

/** The record of a row; undefined when any column is damaged: `findDamage` says which. */
export function toRecord(row: Row): HiveRecord | undefined {
  const bytes = bytesOf(row);
  return isUtf8(bytes) ? recordIn(bytes.toString("utf8")) : undefined;
}

function recordIn(text: string): HiveRecord | undefined {
  const found = SOUND_LINE.exec(text);
  if (found === null) return undefined;
  const [
    ,
    ,
    id,
    host,
    port,
    sshHost,
    sshPort,
    sshUser,
    status,
    lastHeartbeatMs,
    createdAtMs,
    updatedAtMs,
    kinds,
    json,
  ] = found as unknown as SoundLine;
  const expectedKinds = `1${kind(sshHost)}${kind(sshPort)}${kind(sshUser)}${kind(lastHeartbeatMs)}${kind(json)}`;
  if (kinds !== expectedKinds) return undefined;
  const devices = json === "" ? null : devicesIn(json);
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

const KINDS_LENGTH = 6;
const ID = 0;
const LAST_HEARTBEAT_MS = 7;

/** Where a row stands in the order of a finder. */
export type Position = { readonly id: string; readonly lastHeartbeatMs: number };

/** Where a row stands in the order of a finder; undefined when its own columns do not say so. */
export function positionOf(row: Row): Position | undefined {
  const texts = bytesOf(row).toString("latin1").split(COLUMN_END);
  const id = texts[1 + ID] ?? "";
  const isWhole =
    texts.length === COLUMNS.length + 3 && texts.at(-2)?.length === KINDS_LENGTH && texts.at(-2)?.startsWith("1");
  return isWhole && HIVE_ID_PATTERN.test(id)
    ? { id, lastHeartbeatMs: Number(texts[1 + LAST_HEARTBEAT_MS]) }
    : undefined;
}

/** SQLite's own number for a row, which no damage of its columns can hide. */
export function rowIdOf(row: Row): number {
  return Number.parseInt(bytesOf(row).toString("latin1"), 10);
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

function withoutAnchors({ source }: RegExp): string {
  return source.slice(1, -1);
}

function kind(text: string): "1" | "2" {
  return text === "" ? "2" : "1";
}

/** The driver for files gives a Buffer, the one for servers an ArrayBuffer. */
function bytesOf(row: Row): Buffer {
  const bytes = row[0] as Buffer | ArrayBuffer;
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes);
}

/** Undefined when they are damaged. */
function devicesIn(json: string): DeviceCapabilities | undefined {
  try {
    return decodeDevices(json);
  } catch {
    return undefined;
  }
}
