import { QueenClient } from "@repo/queen-client";
import { expect, test } from "vitest";
import { deadPort, startHive } from "../../queen/test/hive-server.ts";
import { until } from "../../queen/test/until.ts";
import { hivectl, inTerminal } from "./hivectl.ts";
import { queenForAll } from "./queen.ts";

// A queen that stands still for three eighths of that finds nobody missing for as long again.
const queen = queenForAll({ QUEEN_STALE_AFTER_MS: "4000", QUEEN_HEALTH_INTERVAL_MS: "500" });
const IDS = ["gone-1", "gone-2", "gone-3"];

/** The queen runs in this process. */
const standStill = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1500);

const run = (...args: string[]) => hivectl(["confirm-missing", ...args], { QUEEN_URL: queen.url });

test("confirm-missing lists those that went missing at once, and asks for their number before it says that they are gone", async () => {
  const client = new QueenClient({ url: queen.url });
  const nothing = "hivectl: no hive is held back from being marked offline: nothing to confirm\n";
  expect(await run("-y")).toEqual({ code: 0, stdout: "", stderr: nothing });
  const port = await deadPort();
  for (const id of IDS) await client.addHive({ id, host: "127.0.0.1", port });
  const timestamp = new Date().toISOString();
  await Promise.all(IDS.map((hive_id) => client.sendHeartbeat({ hive_id, timestamp, workers: [] })));
  const areHeldBack = async () => {
    const { hives } = await client.listFleet({ id: IDS });
    return hives.every(({ status }) => /^(?:mass_failure|network_lost)$/.test(status.rule));
  };
  await until("the marks of all are held back", areHeldBack);
  await until("right after a stall, which gives all of them time, there is nothing to confirm", async () => {
    standStill();
    return (await run()).stderr === nothing;
  });
  await client.addHive({ id: "here", host: "127.0.0.1", port: (await startHive()).port });
  await until(
    "another is there",
    async () => (await client.listFleet({ id: ["here"], status: "online" })).hives.length > 0,
  );
  await until("they are held back again", areHeldBack);
  const { stdout: described } = await hivectl(["describe", "hive", "gone-2"], { QUEEN_URL: queen.url });
  expect(described).toMatch(/^Status: +online: /m);
  expect(described).toMatch(/^Marks held: +.* marked offline until .*\nSilent for: +\d+s$/m);
  const { stdout: status } = await hivectl(["status"], { QUEEN_URL: queen.url });
  expect(status).toMatch(/marked offline until .*\n(?:.*\n)*Next:\n {2}hivectl confirm-missing +\S/);
  expect(await run()).toMatchObject({ code: 2, stdout: "", stderr: expect.stringContaining("--yes") });
  const asked = await inTerminal(["confirm-missing", "--no-color"], { QUEEN_URL: queen.url }, { columns: 100 }, "2\n");
  expect(asked).toMatchObject({ code: 1, stdout: expect.stringMatching(/^gone-2 +online/m) });
  expect(asked.stdout).toContain("Confirm the loss of 3 hives? Type their number to go on:");
  expect(await run("-y", "-o", "name")).toEqual({
    code: 0,
    stdout: `${IDS.join("\n")}\n`,
    stderr: "hivectl: 3 of 4 online hives are missing: they are marked offline as the queen next looks\n",
  });
  await until("they are offline", async () => (await client.countHives()).offline === IDS.length);
});
