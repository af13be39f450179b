import { expect, test } from "vitest";
import { startHive } from "../../test/hive-server.ts";
import { published } from "../../test/published.ts";
import { addHive, beat, HIVE_JSON, startTestQueen, type TestQueen } from "../../test/test-queen.ts";

const cordon = (queen: TestQueen) => queen.request("POST", "/v1/hives/hive-a/cordon", { reason: "its fan is loud" });
const bestWorker = async (queen: TestQueen) => (await queen.request("GET", "/v1/workers/best?model=llama-3-8b")).status;

/** A hive that another program removes while it is asked for its health. */
async function startVanishingHive(queen: TestQueen) {
  return startHive({
    "/health": (_request, response) => void queen.catalog.removeHive("hive-a").then(() => response.end()),
  });
}

test.each<[notices: string, (queen: TestQueen) => Promise<unknown>]>([
  ["a beat", async (queen) => void ((await queen.catalog.removeHive("hive-a")) && (await beat(queen)))],
  ["a health check", (queen) => queen.watch.runRound()],
])("a hive that another program removed takes its cordon along, once %s notices it", async (_what, notice) => {
  await using queen = await startTestQueen();
  const hive = await startVanishingHive(queen);
  await addHive(queen, hive.port);
  await cordon(queen);

  await notice(queen);
  expect(queen.fleet.sight("hive-a")).toBeUndefined();
  await queen.catalog.addHive({ ...HIVE_JSON, port: hive.port });
  await beat(queen);

  expect(await bestWorker(queen)).toBe(200);
});

test("a hive that is removed while it beats is told of once", async () => {
  await using queen = await startTestQueen();
  await addHive(queen, 8600);
  await Promise.all([queen.request("DELETE", "/v1/hives/hive-a"), beat(queen), beat(queen)]);
  await queen.watch.runRound();
  expect(published(queen, "hive_removed")).toHaveLength(1);
});
