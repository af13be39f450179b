import { QueenClient } from "@repo/queen-client";
import { beforeAll, expect, test } from "vitest";
import { unusedPort } from "../../queen/test/lifecycle/port.ts";
import { until } from "../../queen/test/until.ts";
import { hivectl } from "./hivectl.ts";
import { queenForAll } from "./queen.ts";

const queen = queenForAll({ QUEEN_HEALTH_INTERVAL_MS: "100" });
let client: QueenClient;

beforeAll(async () => {
  client = new QueenClient({ url: queen.url });
  const place = { host: "127.0.0.1", port: await unusedPort() };
  for (const id of ["beats", "silent"]) await client.addHive({ ...place, id });
  const timestamp = new Date().toISOString();
  await until("its port is known to be closed", async () => {
    await client.sendHeartbeat({ hive_id: "beats", timestamp, workers: [] });
    return (await client.listFleet({ unreachable: true })).hives.length === 1;
  });
});

const run = (...args: string[]) => hivectl(args, { QUEEN_URL: queen.url });

test("those that beat though their port is closed are found by --unreachable", async () => {
  expect(await run("get", "hives", "--unreachable", "-o", "name")).toMatchObject({ code: 0, stdout: "beats\n" });
  expect(await run("top", "--unreachable", "--cordoned")).toMatchObject({ code: 0, stdout: "" });
  const cordon = ["cordon", "--unreachable", "--reason", "no port", "-y", "-o", "name"];
  expect(await run(...cordon)).toMatchObject({ code: 0, stdout: "beats\n" });
  expect((await client.listCordons()).cordons).toMatchObject([{ hive_id: "beats" }]);
  expect(await run("wait", "--unreachable", "--for", "cordoned", "-o", "name")).toMatchObject({ stdout: "beats\n" });
});

test.each([
  [["get", "hives"], 0],
  [["uncordon", "-y"], 0],
  [["wait"], 1],
])(
  "%j asks the queen for those that are on probation, and ends with %i where there are none",
  async (verb, exitCode) => {
    const { code, stdout, stderr } = await run(...verb, "--on-probation", "-v");
    expect({ code, stdout }).toEqual({ code: exitCode, stdout: "" });
    expect(stderr).toContain("on_probation=true");
  },
);
