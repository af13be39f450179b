import { expect, test } from "vitest";
import { anOperation } from "../../test/behaviour/samples.ts";
import { notingClient } from "../../test/noting-client.ts";
import { Calls } from "../calls.ts";
import type { SqlExecutor, SqlRow } from "../drivers/client.ts";
import { HiveFinder } from "../finding/finder.ts";
import { hivePages, hivesWithIds, listIds } from "../hives/reader.ts";
import { allHives, hivesWithStatus } from "../hives/statements.ts";
import type { OperationRecord } from "../model/operation.ts";
import type { FoundHives, FoundOperations, OperationFindOptions } from "../options.ts";
import { countDiffering } from "../records/gpus.ts";
import { Operations } from "../records/operations.ts";
import { DamageWarnings } from "./damage-warnings.ts";
import { collect, pages } from "./reading.ts";
import { bytesOf } from "./rows.ts";

/** What one statement reads of several rows. */
const MAX_BYTES = 524_288;
/** What stands in a row beside its long columns. */
const ROW_BYTES = 200;
const onDamage = () => expect.unreachable("nothing is damaged");

/** Devices of so many bytes. */
const devicesOf = (bytes: number) => {
  const devices = { cpu: null, gpus: [], more: "" };
  return JSON.stringify({ ...devices, more: "x".repeat(Math.max(0, bytes - JSON.stringify(devices).length)) });
};
const idOf = (n: number) => `hive-${String(n).padStart(4, "0")}`;

/** A catalog in memory with hives whose devices are so long, and how many bytes its statements read. */
async function catalogWith(lengths: readonly number[]) {
  const { client } = await notingClient();
  const sql =
    "INSERT INTO hives (id, host, port, status, devices_json, created_at_ms, updated_at_ms) VALUES (?, 'h', 1, 'online', ?, 0, 0)";
  for (const [n, bytes] of lengths.entries()) await client.execute({ sql, args: [idOf(n), devicesOf(bytes)] });
  const read: number[] = [];
  const note = (rows: readonly SqlRow[]) => {
    const cells = rows.flat().filter((cell) => cell !== null && typeof cell === "object");
    read.push(cells.reduce((sum: number, cell) => sum + bytesOf(cell).length, 0));
  };
  const noting: typeof client = {
    execute: async (statement) => {
      const result = await client.execute(statement);
      note(result.rows);
      return result;
    },
    first: async (statement) => {
      const row = await client.first(statement);
      note(row === undefined ? [] : [row]);
      return row;
    },
    batch: (statements) => client.batch(statements),
    checkWritable: () => client.checkWritable(),
    close: () => client.close(),
  };
  return { noting, read, ids: lengths.map((_, n) => idOf(n)) };
}

const FLEETS: [string, number[]][] = [
  ["all have long devices", Array(40).fill(280_000)],
  ["some have long devices", Array.from({ length: 900 }, (_, n) => (n % 100 === 99 ? 280_000 : 300))],
  ["the last ones have long devices", [...Array(600).fill(300), ...Array(30).fill(280_000)]],
  ["all have devices that are rather long", Array(700).fill(5000)],
  ["one has the longest that a database holds, nearly", [300, 300, 6 * MAX_BYTES, 300]],
];

test.each(FLEETS)("where %s, no statement reads more than half a megabyte of several hives", async (_name, lengths) => {
  const { noting, read, ids } = await catalogWith(lengths);
  const longest = Math.max(...lengths);
  const idsOf = (hives: readonly { id: string }[]) => hives.map(({ id }) => id);
  const lists = {
    all: () => collect(pages(noting, allHives, {}, { onDamage })),
    "of a status": () => collect(hivePages(noting, hivesWithStatus, { status: "online" }, {}, onDamage)),
    "by their ids": () => collect(hivesWithIds(noting, ids, {}, onDamage)),
  };
  for (const [name, list] of Object.entries(lists)) {
    read.length = 0;
    expect(idsOf(await list()), name).toEqual(ids);
    expect(Math.max(...read), name).toBeLessThan(Math.max(MAX_BYTES, longest) + 500 * ROW_BYTES);
    expect(read.length, name).toBeLessThan(8 + lengths.length);
  }
  noting.close();
});

test.each(FLEETS)(
  "where %s, no look at their GPUs reads more than half a megabyte and a hive",
  async (_name, lengths) => {
    const { noting, read } = await catalogWith(lengths);
    const executor: SqlExecutor = noting;
    expect(await countDiffering(executor)).toBe(lengths.length);
    expect(Math.max(...read)).toBeLessThan(MAX_BYTES + Math.max(...lengths) + 250 * ROW_BYTES);
    expect(read.length).toBeLessThan(lengths.length);
    noting.close();
  },
);

test("hives with few devices are read 500 at a time, and their ids alone too", async () => {
  const { noting, read, ids } = await catalogWith(Array(1100).fill(300));
  expect(await collect(pages(noting, allHives, {}, { onDamage }))).toHaveLength(1100);
  expect(read).toHaveLength(3);
  read.length = 0;
  expect(await listIds(noting, {}, onDamage)).toEqual(ids);
  expect(read).toHaveLength(3);
  noting.close();
});

test("a page of what is found ends when half a megabyte was read, and the pages have all", async () => {
  const { noting, read, ids } = await catalogWith(Array(20).fill(100_000));
  const access = { calls: new Calls(noting), now: () => 0, onDamage, knowsGpus: () => true };
  const finder = new HiveFinder(access);
  const found: string[] = [];
  for (let after: string | null | undefined; after !== null; ) {
    const page: FoundHives = await finder.page({ limit: 20, ...(after !== undefined && { after }) });
    found.push(...page.hives.map(({ id }) => id));
    expect(page.hives.length).toBeLessThanOrEqual(10);
    after = page.nextAfter;
  }
  expect(found).toEqual(ids);
  const streamed: string[] = [];
  for await (const { id } of finder.stream()) streamed.push(id);
  expect(streamed).toEqual(ids);
  expect(Math.max(...read)).toBeLessThan(MAX_BYTES + 20 * ROW_BYTES);
  noting.close();
});

test("operations with long output are read a few at a time", async () => {
  const { noting, read } = await catalogWith(Array(30).fill(300));
  const access = { calls: new Calls(noting), now: () => 1_000_000, warnings: new DamageWarnings() };
  const operations = new Operations(access);
  const steps = [{ name: "run", state: "done", startedAtMs: 1, endedAtMs: 2, detail: "d".repeat(16_000) }] as const;
  for (let n = 0; n < 30; n++) {
    await operations.begin({ ...anOperation(`op-${n}`), hiveId: idOf(n) });
    await operations.save(`op-${n}`, { steps: Array(10).fill(steps[0]), outputTail: "ä".repeat(65_536) });
  }
  const inPages = async (conditions: OperationFindOptions) => {
    const found: OperationRecord[] = [];
    for (let after: string | null | undefined; after !== null; ) {
      const page: FoundOperations = await operations.find({ ...conditions, ...(after !== undefined && { after }) });
      expect(page.operations.length).toBeLessThan(10);
      found.push(...page.operations);
      after = page.nextAfter;
    }
    return found;
  };
  const lists = [
    () => operations.list(),
    () => operations.unfinished(),
    () => inPages({}),
    () => inPages({ state: "running" }),
    () => inPages({ kind: "start" }),
  ];
  for (const list of lists) {
    read.length = 0;
    expect((await list()).map(({ id }) => id)).toEqual(Array.from({ length: 30 }, (_, n) => `op-${29 - n}`));
    expect(Math.max(...read)).toBeLessThan(MAX_BYTES + 30 * ROW_BYTES);
  }
  noting.close();
});
