import Database from "libsql";
import { expect, test } from "vitest";
import { beatsIn, fleet, NOW_MS } from "../../test/beating-fleet.ts";
import type { CatalogFile } from "../../test/catalog-file.ts";
import { turnOfTheLoop } from "../event-loop.ts";
import { openDatabase } from "../sql/open.ts";
import { HeartbeatWriter } from "./heartbeats.ts";

test("a beat alone is one commit", async () => {
  const { file, catalog, commits } = await fleet(1);
  await using _ = file;
  await catalog.updateHeartbeat("hive-0", 5);
  expect(commits).toEqual([1]);
  expect(beatsIn(file)).toEqual({ "hive-0": 5 });
});

test("beats that arrive together share one commit, and all are in the file when they are answered", async () => {
  const { file, catalog, commits, ids } = await fleet(100);
  await using _ = file;
  await Promise.all(ids.map((id, index) => catalog.updateHeartbeat(id, index)));
  expect(commits).toEqual([100]);
  expect(beatsIn(file)).toEqual(Object.fromEntries(ids.map((id, index) => [id, index])));
});

test("beats that arrive while a commit runs share the next one", async () => {
  const { file, catalog, commits, ids } = await fleet(50);
  await using _ = file;
  const first = catalog.updateHeartbeat("hive-0", 1);
  await Promise.resolve().then(() => Promise.resolve());
  await Promise.all([first, ...ids.map((id) => catalog.updateHeartbeat(id, 2))]);
  expect(commits.reduce((sum, size) => sum + size, 0)).toBe(51);
  expect(commits.length).toBeLessThanOrEqual(2);
});

test("a beat for a hive that is not there throws HIVE_NOT_FOUND to its caller alone", async () => {
  const { file, catalog, commits } = await fleet(2);
  await using _ = file;
  const outcomes = await Promise.allSettled(
    ["hive-0", "nobody", "hive-1", "no-one"].map((id) => catalog.updateHeartbeat(id, 7)),
  );
  expect(commits).toEqual([4]);
  expect(outcomes).toMatchObject([
    { status: "fulfilled" },
    { status: "rejected", reason: { code: "HIVE_NOT_FOUND", hiveId: "nobody" } },
    { status: "fulfilled" },
    { status: "rejected", reason: { code: "HIVE_NOT_FOUND", hiveId: "no-one" } },
  ]);
  expect(beatsIn(file)).toEqual({ "hive-0": 7, "hive-1": 7 });
});

/** Stores a group of beats, one of them for `nobody`; once that is done another program does what it is told. */
async function storeGroup(
  file: CatalogFile,
  onCommit: (size: number) => void,
  meanwhile: (other: Database.Database) => void,
) {
  const { client } = await openDatabase(file.path, { migrate: false, busyTimeoutMs: 0 });
  const other = new Database(file.path);
  let isStored = false;
  const execute: typeof client.execute = async (statement, options) => {
    const stored = await client.execute(statement, options);
    if (!isStored) meanwhile(other);
    isStored = true;
    return stored;
  };
  const parts = { client: { execute }, busyTimeoutMs: 0, now: () => NOW_MS };
  const writer = new HeartbeatWriter({ ...parts, onCommit: ({ size }) => onCommit(size) });
  const outcomes = await Promise.allSettled(["hive-0", "nobody", "hive-1"].map((id) => writer.store(id, 7)));
  other.close();
  client.close();
  return outcomes;
}

test("who is not there is found out without the lock, which another program may have taken once the group is stored", async () => {
  const { file, commits } = await fleet(2);
  await using _ = file;
  const lock = (other: Database.Database) => void other.exec("BEGIN IMMEDIATE");
  const outcomes = await storeGroup(file, (size) => commits.push(size), lock);
  expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  expect(outcomes[1]).toMatchObject({ reason: { code: "HIVE_NOT_FOUND", hiveId: "nobody" } });
  expect(commits).toEqual([3]);
  expect(beatsIn(file)).toEqual({ "hive-0": 7, "hive-1": 7 });
});

test("of a hive that another program adds once the group is stored, the beat is stored before it is answered", async () => {
  const { file } = await fleet(2);
  await using _ = file;
  const add = (other: Database.Database) =>
    void other.exec(
      "INSERT INTO hives (id, host, port, status, created_at_ms, updated_at_ms) VALUES ('nobody', 'h', 1, 'online', 0, 0)",
    );
  const outcomes = await storeGroup(file, () => undefined, add);
  expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "fulfilled"]);
  expect(beatsIn(file)).toEqual({ "hive-0": 7, "hive-1": 7, nobody: 7 });
});

test.each([
  ["older first", [10, 20]],
  ["older last", [20, 10]],
  ["the same twice", [20, 20]],
])("of two beats of one hive in one group the later counts: %s", async (_name, beats) => {
  const { file, catalog, commits } = await fleet(2);
  await using _ = file;
  await Promise.all([
    ...beats.map((beat) => catalog.updateHeartbeat("hive-0", beat)),
    catalog.updateHeartbeat("hive-1", 3),
  ]);
  expect(commits).toEqual([3]);
  expect(beatsIn(file)).toEqual({ "hive-0": 20, "hive-1": 3 });
});

test("in a group, too, no beat moves back and one far ahead is replaced", async () => {
  const { file, catalog } = await fleet(4);
  await using _ = file;
  file.run(
    `UPDATE hives SET last_heartbeat_ms = ${NOW_MS - 5} WHERE id = 'hive-0'`,
    `UPDATE hives SET last_heartbeat_ms = ${NOW_MS + 60_000} WHERE id = 'hive-1'`,
    `UPDATE hives SET last_heartbeat_ms = ${NOW_MS + 60_001} WHERE id = 'hive-2'`,
  );
  await Promise.all([0, 1, 2, 3].map((index) => catalog.updateHeartbeat(`hive-${index}`, NOW_MS - 10)));
  expect(beatsIn(file)).toEqual({
    "hive-0": NOW_MS - 5,
    "hive-1": NOW_MS + 60_000,
    "hive-2": NOW_MS - 10,
    "hive-3": NOW_MS - 10,
  });
});

test("answers come in the order of the calls", async () => {
  const { file, catalog, ids } = await fleet(20);
  await using _ = file;
  const answered: string[] = [];
  await Promise.all(ids.map((id) => catalog.updateHeartbeat(id, 1).then(() => answered.push(id))));
  expect(answered).toEqual(ids);
});

test("two beats of one hive in a group count as they would in turn: one far ahead gives way to the next", async () => {
  const { file, catalog, commits } = await fleet(3);
  await using _ = file;
  const ahead = NOW_MS + 600_000;
  await Promise.all([
    catalog.updateHeartbeat("hive-0", ahead),
    catalog.updateHeartbeat("hive-0", NOW_MS),
    catalog.updateHeartbeat("hive-1", NOW_MS),
    catalog.updateHeartbeat("hive-1", ahead),
    catalog.updateHeartbeat("hive-2", NOW_MS + 60_000),
    catalog.updateHeartbeat("hive-2", NOW_MS),
  ]);
  expect(commits).toEqual([6]);
  expect(beatsIn(file)).toEqual({ "hive-0": NOW_MS, "hive-1": ahead, "hive-2": NOW_MS + 60_000 });
});

test("more beats than one group may hold go into several commits, none of which is larger", async () => {
  const { file, catalog, commits, ids } = await fleet(2_500);
  await using _ = file;
  await Promise.all(ids.map((id, index) => catalog.updateHeartbeat(id, index)));
  expect(commits).toEqual([1024, 1024, 452]);
  expect(Object.values(beatsIn(file))).toHaveLength(2_500);
  expect(beatsIn(file)["hive-2499"]).toBe(2_499);
});

test("close waits for every beat that was handed in, over several groups", async () => {
  const { file, catalog, ids } = await fleet(1_500);
  await using _ = file;
  const beats = Promise.all(ids.map((id) => catalog.updateHeartbeat(id, 9)));
  await catalog.close();
  await beats;
  expect(new Set(Object.values(beatsIn(file)))).toEqual(new Set([9]));
});

test.each([
  ["throws", () => fail()],
  ["rejects", async () => fail()],
  [
    "throws what makes no text of itself",
    () => {
      throw Object.create(null);
    },
  ],
])("an onCommit that %s takes no later beat with it, nor the process", async (_how, onCommit) => {
  const { file, catalog } = await fleet(1, { onCommit });
  await using _ = file;
  const failures: unknown[] = [];
  const listener = (error: unknown) => failures.push(error);
  process.once("unhandledRejection", listener);
  process.once("uncaughtException", listener);
  await catalog.updateHeartbeat("hive-0", 1);
  await catalog.updateHeartbeat("hive-0", 2);
  await turnOfTheLoop();
  expect(beatsIn(file)).toEqual({ "hive-0": 2 });
  expect(failures).toEqual([]);
  process.removeListener("unhandledRejection", listener);
  process.removeListener("uncaughtException", listener);
});

function fail(): never {
  throw new Error("the listener failed");
}

test("a clock that throws anything fails the beats of its time alone, and close ends", async () => {
  let isBroken = true;
  const now = () => {
    if (isBroken) throw Object.create(null);
    return NOW_MS;
  };
  const { file, catalog } = await fleet(2, { now });
  await using _ = file;
  const beats = () => Promise.allSettled(["hive-0", "hive-1"].map((id) => catalog.updateHeartbeat(id, 5)));
  const failed = { status: "rejected", reason: { name: "HiveCatalogError", code: "INTERNAL" } };
  expect(await beats()).toMatchObject([failed, failed]);
  isBroken = false;
  expect(await beats()).toMatchObject([{ status: "fulfilled" }, { status: "fulfilled" }]);
  await catalog.close();
});
