import type { HiveRecord } from "@repo/hive-catalog";
import Database from "libsql";
import { COLUMNS, type Row, toRecord } from "./by-hand.ts";

const HIVE_COLUMNS = COLUMNS.split(", ")
  .map((column) => `h.${column}`)
  .join(", ");
const hasLabel = (id: string) => `EXISTS (SELECT 1 FROM hive_labels WHERE hive_id = ${id} AND key = ? AND value = ?)`;
const LED = `SELECT ${HIVE_COLUMNS} FROM hive_labels AS d CROSS JOIN hives AS h ON h.id = d.hive_id WHERE d.key = ? AND d.value = ? AND d.hive_id > ?`;
const ARM =
  "SELECT * FROM (SELECT hive_id FROM hive_labels WHERE key = ? AND value = ? AND hive_id > ? ORDER BY hive_id)";
const END = "(SELECT id FROM hives WHERE id > ? ORDER BY id LIMIT 1 OFFSET 1999)";
const COUNT = (where: string) => `SELECT count(*) FROM (SELECT 1 FROM hive_labels WHERE ${where} LIMIT 1001)`;

type Label = readonly [key: string, value: string];

/** Each question as one statement that is written for it alone, by somebody who knows which label is rare. */
export class FindingByHand {
  readonly #database: Database.Database;
  readonly #statements = new Map<string, Database.Statement>();

  constructor(path: string) {
    this.#database = new Database(path);
    this.#database.exec("PRAGMA cache_size = -36000");
  }

  close(): void {
    this.#database.close();
  }

  byLabel(label: Label, after: string, limit: number): HiveRecord[] {
    return this.#hives(`${LED} ORDER BY d.hive_id LIMIT ?`, ...label, after, limit);
  }

  byThree([rarest, second, third]: readonly [Label, Label, Label], after: string, limit: number): HiveRecord[] {
    const sql = `${LED} AND ${hasLabel("h.id")} AND ${hasLabel("h.id")} ORDER BY d.hive_id LIMIT ?`;
    return this.#hives(sql, ...rarest, after, ...second, ...third, limit);
  }

  byOneOf(key: string, [first, second]: readonly [string, string], after: string, limit: number): HiveRecord[] {
    const sql = `SELECT ${HIVE_COLUMNS} FROM (${ARM} UNION ALL ${ARM} ORDER BY hive_id LIMIT ?) AS d CROSS JOIN hives AS h ON h.id = d.hive_id`;
    return this.#hives(sql, key, first, after, key, second, after, limit);
  }

  byGpu(model: string, minGb: number, count: number, after: string, limit: number): HiveRecord[] {
    const sql = `SELECT ${HIVE_COLUMNS} FROM hive_gpus AS d CROSS JOIN hives AS h ON h.id = d.hive_id
      WHERE d.model = ? AND d.hive_id > ? AND d.vram_gb >= ? AND d.n >= ? ORDER BY d.hive_id LIMIT ?`;
    return this.#hives(sql, model, after, minGb, count, limit);
  }

  /** So many windows of 2,000 ids. */
  byScan([first, second]: readonly [Label, Label], after: string, windows: number): HiveRecord[] {
    const sql = `SELECT ${HIVE_COLUMNS} FROM hives AS h WHERE h.id > ? AND h.id <= ${END} AND NOT ${hasLabel("h.id")} AND NOT ${hasLabel("h.id")} ORDER BY h.id`;
    let place = after;
    const found: HiveRecord[] = [];
    for (let window = 0; window < windows; window++) {
      found.push(...this.#hives(sql, place, place, ...first, ...second));
      place = String(this.#prepared(`SELECT ${END}`).get(place));
    }
    return found;
  }

  byText(part: string, after: string, limit: number): HiveRecord[] {
    const sql = `SELECT ${HIVE_COLUMNS} FROM hives AS h WHERE h.id > ? AND (instr(lower(h.id), ?) > 0 OR instr(lower(h.host), ?) > 0
      OR EXISTS (SELECT 1 FROM hive_labels WHERE hive_id = h.id AND instr(lower(value), ?) > 0)) ORDER BY h.id LIMIT ?`;
    return this.#hives(sql, after, part, part, part, limit);
  }

  /** How many have a key, and each of its values, up to 1,000. */
  counts(key: string, values: readonly string[]): number[] {
    const ofKey = this.#prepared(COUNT("key = ?")).get(key) as [number];
    const ofValues = values.map((value) => this.#prepared(COUNT("key = ? AND value = ?")).get(key, value) as [number]);
    return [ofKey, ...ofValues].map(([count]) => count);
  }

  labelsOf(ids: readonly string[]): Map<string, Record<string, string>> {
    const sql = "SELECT hive_id, key, value FROM hive_labels WHERE hive_id IN (SELECT value FROM json_each(?))";
    const found = new Map<string, Record<string, string>>();
    for (const [id, key, value] of this.#prepared(sql).all(JSON.stringify(ids)) as [string, string, string][]) {
      const labels = found.get(id) ?? {};
      labels[key] = value;
      found.set(id, labels);
    }
    return found;
  }

  #hives(sql: string, ...values: (string | number)[]): HiveRecord[] {
    return (this.#prepared(sql).all(...values) as Row[]).map(toRecord);
  }

  #prepared(sql: string): Database.Statement {
    const kept = this.#statements.get(sql) ?? this.#database.prepare(sql).raw(true);
    this.#statements.set(sql, kept);
    return kept;
  }
}
