import { createClient } from "@libsql/client";
import { HiveCatalog } from "@repo/hive-catalog";
import { temporaryFolder } from "@repo/hive-catalog/testing";
import { expect, test } from "vitest";
import { deadPort } from "../hive-server.ts";
import { addHive, beat, startTestQueen } from "../test-queen.ts";

const DAMAGE = [
  ["reason", "x'00'"],
  ["until_ms", "'tomorrow'"],
  ["until_ms", "1.5"],
  ["created_at_ms", "-1"],
] as const;

test("a hive whose cordon is damaged gets no work until it is uncordoned or cordoned anew, and the log says it once", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/hives.db`;
  await using queen = await startTestQueen({ catalog: await HiveCatalog.open(path) });
  const other = createClient({ url: `file:${path}` });
  const best = async () => (await queen.request("GET", "/v1/workers/best?model=llama-3-8b")).status;
  const logged = () => queen.logLines.filter(({ msg }) => msg.includes("cordon is damaged"));
  await addHive(queen, await deadPort());
  await beat(queen);
  expect(await best()).toBe(200);

  for (const [index, [column, value]] of DAMAGE.entries()) {
    await other.execute("INSERT INTO cordons VALUES ('hive-a', 'fans', NULL, 1)");
    await other.execute(`UPDATE cordons SET ${column} = ${value}`);
    for (let round = 0; round < 2; round++) await queen.watch.runRound();
    expect(await best()).toBe(404);
    expect(logged()).toHaveLength(index + 1);
    expect(logged().at(-1)).toMatchObject({ level: 40, hive_id: "hive-a", column });
    const { body } = await queen.request("GET", "/v1/hives/hive-a/liveness");
    expect(body).toMatchObject({ takes_work: false, cordon: { reason: expect.stringContaining(column) } });

    if (index === 0) {
      await queen.request("POST", "/v1/hives/hive-a/cordon", { reason: "whole" });
      expect(await queen.catalog.cordons.get("hive-a")).toMatchObject({ reason: "whole" });
    }
    const { body: answer } = await queen.request("POST", "/v1/hives/hive-a/uncordon");
    expect(answer).toMatchObject({ lifted: true });
    await queen.watch.runRound();
    expect(await best()).toBe(200);
  }
  other.close();
});
