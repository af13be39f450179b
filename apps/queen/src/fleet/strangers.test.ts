import { expect, test } from "vitest";
import { beat, HIVE_JSON, startTestQueen, type TestQueen } from "../../test/test-queen.ts";

const DAY_MS = 24 * 3_600_000;

const told = ({ logLines }: TestQueen) =>
  logLines.filter(({ level, msg }) => level === 40 && msg.includes("not in the catalog"));

test("the log names a hive that beats and that nobody added, once, and where it beats from", async () => {
  await using queen = await startTestQueen();
  for (const id of ["gpu-O1", "gpu-02", "gpu-O1"]) await beat(queen, id);
  expect(told(queen)).toMatchObject([
    { hive_id: "gpu-O1", address: "127.0.0.1" },
    { hive_id: "gpu-02", address: "127.0.0.1" },
  ]);
});

test("a hive that was added and removed is named again when its agent beats on", async () => {
  await using queen = await startTestQueen();
  expect((await beat(queen)).status).toBe(404);
  await queen.request("POST", "/v1/hives", HIVE_JSON);
  expect((await beat(queen)).status).toBe(200);
  await queen.request("DELETE", "/v1/hives/hive-a");
  expect((await beat(queen)).status).toBe(404);
  expect(told(queen).map(({ hive_id }) => hive_id)).toEqual(["hive-a", "hive-a"]);
});

test("whoever beats under ever new ids does not fill the log, and after a day it names others again", async () => {
  await using queen = await startTestQueen();
  queen.clock.advance(DAY_MS);
  for (let n = 0; n < 1_010; n++) await beat(queen, `stranger-${n}`);
  expect(told(queen)).toHaveLength(1_000);
  queen.clock.advance(DAY_MS);
  await beat(queen, "stranger-1009");
  expect(told(queen)[1_000]).toMatchObject({ hive_id: "stranger-1009" });
});
