import { rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { HiveCatalog, QUEEN_GONE_AFTER_MS } from "@repo/hive-catalog";
import { temporaryFolder } from "@repo/hive-catalog/testing";
import { mountSmallDisk } from "@repo/test-support/mount";
import { expect, test } from "vitest";
import { startTestQueen } from "../test-queen.ts";

test("a queen whose catalog has had no room for a while is not ready until it has", async () => {
  await using folder = await temporaryFolder();
  using disk = mountSmallDisk(join(folder.path, "disk"), 2_000_000);
  const file = join(disk.path, "hives.db");
  await using queen = await startTestQueen({ catalog: await HiveCatalog.open(file) });
  await queen.presence.renewAndLook();
  const ballast = join(disk.path, "ballast");
  const { bavail, bsize } = statfsSync(disk.path);
  writeFileSync(ballast, Buffer.alloc(bavail * bsize));
  // What its log has room for yet is used up.
  for (let hives = 0; ; hives++) {
    const { status } = await queen.request("POST", "/v1/hives", { id: `hive-${hives}`, host: "127.0.0.1", port: 1 });
    if (status === 507) break;
  }
  for (let time = 0; time < 2; time++) {
    await queen.presence.renewAndLook();
    queen.clock.advance(QUEEN_GONE_AFTER_MS);
  }
  expect(await queen.request("GET", "/health/ready")).toMatchObject({
    status: 503,
    body: { errors: [{ message: `fails: reads work, writes do not: make room on the disk of ${file}` }] },
  });
  rmSync(ballast);
  await queen.presence.renewAndLook();
  expect(await queen.request("GET", "/health/ready")).toMatchObject({ status: 200 });
});
