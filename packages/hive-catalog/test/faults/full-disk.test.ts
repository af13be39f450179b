import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { mountSmallDisk } from "@repo/test-support/mount";
import { expect, test } from "vitest";
import { HiveCatalog } from "../../src/catalog.ts";
import type { HiveRecord } from "../../src/model/hive.ts";
import { aHive, temporaryFolder } from "../../src/testing.ts";
import { readSql } from "../catalog-file.ts";
import { refusalOf } from "../refusal.ts";

const DISK_BYTES = 6 * 1024 * 1024;
const BALLAST_BYTES = 2 * 1024 * 1024;
const MAX_CHANGES = 20_000;

const hive = (index: number): HiveRecord =>
  aHive({ id: `hive-${index}`, devices: { cpu: null, gpus: [{ index: 0, name: "x".repeat(200), vramGb: 1 }] } });

test("on a full disk every kind of change is refused with CATALOG_FULL, all acknowledged rows are there, and writing goes on once there is room", async () => {
  await using folder = await temporaryFolder();
  using disk = mountSmallDisk(join(folder.path, "disk"), DISK_BYTES);
  const [path, ballast] = [join(disk.path, "hives.db"), join(disk.path, "ballast")];
  writeFileSync(ballast, Buffer.alloc(BALLAST_BYTES));
  await using catalog = await HiveCatalog.open(path);

  const acknowledged = new Map<string, HiveRecord>();
  let code = "none";
  for (let index = 0; index < MAX_CHANGES && code === "none"; index++) {
    const added = await catalog.addHive(hive(index)).catch((error) => error);
    if (added instanceof Error) code = (await refusalOf(Promise.reject(added))).code;
    else acknowledged.set(added.id, added);
  }
  expect(code).toBe("CATALOG_FULL");
  expect(acknowledged.size).toBeGreaterThan(100);

  // Changes that need no page of their own may still fit: each kind goes on until it meets the end of the disk.
  const ids = [...acknowledged.keys()];
  const kinds: [
    string,
    (id: string, value: number) => Promise<unknown>,
    (hive: HiveRecord, value: number) => HiveRecord,
  ][] = [
    [
      "patchHive",
      (id, value) => catalog.patchHive(id, { port: value }),
      (before, value) => ({ ...before, port: value }),
    ],
    [
      "updateHeartbeat",
      (id, value) => catalog.updateHeartbeat(id, value),
      (before, value) => ({ ...before, lastHeartbeatMs: value }),
    ],
    ["updateHiveStatus", (id) => catalog.updateHiveStatus(id, "online"), (before) => ({ ...before, status: "online" })],
  ];
  for (const [name, change, after] of kinds) {
    let refused = 0;
    for (let round = 1; round < MAX_CHANGES && refused < 3; round++) {
      const id = ids[(round * 37) % ids.length] ?? "";
      const error = await change(id, round).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      const before = acknowledged.get(id);
      if (error === undefined && before)
        acknowledged.set(id, after(before, Math.max(round, before.lastHeartbeatMs ?? 0)));
      else {
        expect((await refusalOf(Promise.reject(error))).code, name).toBe("CATALOG_FULL");
        refused++;
      }
    }
    expect(refused, name).toBe(3);
  }
  const group = await Promise.allSettled(ids.map((id) => catalog.updateHeartbeat(id, MAX_CHANGES)));
  for (const [index, { status }] of group.entries()) {
    const before = acknowledged.get(ids[index] ?? "");
    if (status === "fulfilled" && before) acknowledged.set(before.id, { ...before, lastHeartbeatMs: MAX_CHANGES });
  }

  const stored = async (from: HiveCatalog) =>
    new Map((await from.listHives()).map((record) => [record.id, { ...record, updatedAtMs: 0 }]));
  const expected = new Map([...acknowledged].map(([id, record]) => [id, { ...record, updatedAtMs: 0 }]));
  expect(await stored(catalog)).toEqual(expected);

  rmSync(ballast);
  const added = await catalog.addHive(aHive({ id: "after" }));
  await Promise.all(ids.map((id) => catalog.updateHeartbeat(id, MAX_CHANGES + 1)));
  await catalog.close();
  expect(readSql(path, "PRAGMA integrity_check")).toEqual([["ok"]]);
  await using again = await HiveCatalog.open(path);
  for (const [id, record] of expected) expected.set(id, { ...record, lastHeartbeatMs: MAX_CHANGES + 1 });
  expected.set(added.id, { ...added, updatedAtMs: 0 });
  expect(await stored(again)).toEqual(expected);
});

test("a catalog that finds no room for itself is refused with CATALOG_FULL, and opens once there is room", async () => {
  await using folder = await temporaryFolder();
  using disk = mountSmallDisk(join(folder.path, "disk"), 256 * 1024);
  const [path, ballast] = [join(disk.path, "hives.db"), join(disk.path, "ballast")];
  writeFileSync(ballast, Buffer.alloc(248 * 1024));
  expect((await refusalOf(HiveCatalog.open(path))).code).toBe("CATALOG_FULL");
  rmSync(ballast);
  await using catalog = await HiveCatalog.open(path);
  expect(await catalog.addHive(aHive())).toEqual(aHive());
});

test("a disk that takes no further file is full for a catalog that is made or opened there, and the message says so", async () => {
  await using folder = await temporaryFolder();
  for (const maxFiles of [1, 2, 3]) {
    using disk = mountSmallDisk(join(folder.path, `${maxFiles} files`), DISK_BYTES, maxFiles);
    const path = join(disk.path, "hives.db");
    for (const _time of ["made", "opened"]) {
      const { code, message } = await refusalOf(HiveCatalog.open(path));
      expect({ code, message }).toEqual({ code: "CATALOG_FULL", message: expect.stringContaining("ENOSPC") });
    }
  }
});
