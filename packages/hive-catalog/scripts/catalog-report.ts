import type { CopyResult } from "../src/maintenance/backup.ts";
import type { CatalogCheck } from "../src/maintenance/check.ts";
import type { CatalogInfo } from "../src/maintenance/info.ts";

const MAX_SHOWN = 50;

export function copyText(what: string, { path, hives, bytes, durationMs }: CopyResult): string {
  return `${what} ${hives} ${hives === 1 ? "hive" : "hives"} to ${path} (${sizeText(bytes)}, ${Math.round(durationMs)} ms)`;
}

export function checkText(check: CatalogCheck): string {
  const { location, isSound, hives, integrity, schema, pendingMigrations } = check;
  const lines = [
    ...integrity.map((line) => `damaged file: ${line}`),
    ...schema.missing.map((part) => `missing: ${part}`),
    ...schema.changed.map((part) => `changed: ${part}`),
    ...damageLines(check),
    ...check.recordDamage.slice(0, MAX_SHOWN).map(recordLine),
    ...schema.further.map((part) => `made by others, does no harm: ${part}`),
  ];
  if (check.gpusToDerive > 0) {
    lines.push(`GPUs of ${check.gpusToDerive} hives are to be derived anew: opening the catalog does that, no fault`);
  }
  if (check.leftovers > 0) {
    lines.push(`${check.leftovers} labels and rows of GPUs are of hives that are gone: a queen removes them, no fault`);
  }
  if (pendingMigrations.length > 0) lines.push(`lacks ${pendingMigrations.join(", ")}: run pnpm db:migrate`);
  const cures = curesOf(check).map((cure) => `what to do: ${cure}`);
  const verdict = isSound ? "sound" : "NOT sound";
  const readHives = `${hives} ${hives === 1 ? "hive" : "hives"} read, ${check.damagedHives} damaged`;
  const readOthers = `${check.records} other ${check.records === 1 ? "record" : "records"}, ${check.damagedRecords} damaged`;
  return [...lines, ...cures, `${location} is ${verdict}: ${readHives}; ${readOthers}`].join("\n");
}

export function infoText(info: CatalogInfo): string {
  const { file, server, hivesByStatus: by, migrations, oldestHeartbeatMs } = info;
  const versions = [`SQLite ${info.sqliteVersion}`, ...(file ? [`libsql ${file.libsqlVersion}`] : [])];
  const rows: [string, string][] = [
    ["location", info.location],
    ...(file ? ([["size", `${sizeText(file.bytes)}, -wal ${sizeText(file.walBytes)}`]] as [string, string][]) : []),
    ...(file ? ([["journal mode", file.journalMode]] as [string, string][]) : []),
    ...(server ? ([["synchronous", synchronousText(server)]] as [string, string][]) : []),
    ["versions", versions.join(", ")],
    ["migrations", migrations.applied.join(", ") || "none"],
    ["pending", migrations.pending.length > 0 ? `${migrations.pending.join(", ")}: run pnpm db:migrate` : "none"],
    ["hives", `${info.hives}: ${by.online} online, ${by.offline} offline, ${by.unknown} unknown${damagedText(info)}`],
    [
      "records",
      Object.entries(info.records)
        .map(([table, count]) => `${count} ${table}`)
        .join(", "),
    ],
    ["oldest beat", oldestHeartbeatMs === undefined ? "none" : timeText(oldestHeartbeatMs)],
  ];
  return rows.map(([name, value]) => `${name.padEnd(14)}${value}`).join("\n");
}

/** What a loss of power of the server takes along. */
function synchronousText({ synchronous }: NonNullable<CatalogInfo["server"]>): string {
  if (synchronous === "full" || synchronous === "extra")
    return `${synchronous}: what is answered is on the server's disk`;
  return `${synchronous ?? "unknown"}: a loss of power of the server can take answered changes; docs/operations.md says how to end that`;
}

function damagedText({ hives, hivesByStatus: by }: CatalogInfo): string {
  const damaged = hives - by.online - by.offline - by.unknown;
  return damaged > 0 ? `, ${damaged} with a damaged status: run pnpm catalog check` : "";
}

/** With the names in the form that everything outside the process has: snake_case. */
export function toJson(answer: object): string {
  return JSON.stringify(answer, (_key, value: unknown) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [snakeCase(key), inner]));
  });
}

export function sizeText(bytes: number): string {
  return bytes < 2 ** 20 ? `${Math.ceil(bytes / 2 ** 10)} KiB` : `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}

function damageLines({ damage, damagedColumns }: CatalogCheck): string[] {
  const lines = damage
    .slice(0, MAX_SHOWN)
    .map(({ id, column, problem }) => `damaged hive '${id}': ${column} ${problem}`);
  const more = damagedColumns - lines.length;
  return more > 0 ? [...lines, `and ${more} more damaged columns (--json lists 1,000)`] : lines;
}

function recordLine({ table, id, column, problem }: CatalogCheck["recordDamage"][number]): string {
  return `damaged row '${id}' of ${table}: ${column} ${problem}`;
}

function curesOf({ integrity, schema, damage, damagedHives, damagedRecords }: CatalogCheck): string[] {
  const cures: string[] = [];
  if (integrity.length > 0) cures.push("stop the queen, restore the last sound backup (pnpm catalog restore), or");
  if (integrity.length > 0) cures.push("have `sqlite3 FILE .recover` save what it can; keep the damaged file");
  if (schema.missing.length + schema.changed.length > 0) {
    cures.push("another program changed the tables: restore a backup, or undo that change by hand");
  }
  if (damagedHives > 0) cures.push("mend damaged hives with PATCH /v1/hives/{id}, or remove them with DELETE");
  const lost = damage.filter(({ column }) => column === "id").map(({ rowId }) => rowId);
  if (lost.length > 0) {
    const list = lost.length > MAX_SHOWN ? `${lost.slice(0, MAX_SHOWN).join(", ")}, …` : lost.join(", ");
    cures.push(
      `a hive with a damaged id has no address: remove it with sqlite3, DELETE FROM hives WHERE rowid IN (${list})`,
    );
  }
  if (damagedRecords > 0)
    cures.push("cordon or pin anew, revoke a token, or delete a damaged row by hand: docs/operations.md");
  return cures;
}

function timeText(timeMs: number): string {
  const time = new Date(timeMs);
  return Number.isNaN(time.valueOf()) ? `${timeMs} ms, which is no time` : time.toISOString();
}

function snakeCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
