import { join } from "node:path";
import { temporaryFolder } from "@repo/hive-catalog/testing";
import { startTestServer } from "@repo/libsql-test-server";
import { expect, onTestFinished, test } from "vitest";
import { answer, HEALTHY, HiveServer } from "../test/hive-server.ts";
import { postJson, queenProcesses } from "../test/queen-processes.ts";
import { beatJson, HIVE_JSON } from "../test/test-queen.ts";
import { until } from "../test/until.ts";

const queens = queenProcesses();

test("starts from any folder, says where it listens, and keeps its hives over a SIGKILL", async () => {
  const first = queens.start();
  const added = await postJson(`${await first.origin()}/v1/hives`, HIVE_JSON);
  const stored = await added.json();
  first.child.kill("SIGKILL");
  expect(await first.end()).toEqual({ code: null, signal: "SIGKILL" });

  const second = queens.start();
  const found = await fetch(`${await second.origin()}/v1/hives/hive-a`);
  expect(await found.json()).toEqual(stored);
});

test("watches its hives: probes, devices, beats, and offline soon after both are gone", async () => {
  const hive = await HiveServer.start(HEALTHY);
  try {
    const queen = queens.start(["--health-interval-ms", "50", "--stale-after-ms", "100"]);
    const origin = await queen.origin();
    await postJson(`${origin}/v1/hives`, { ...HIVE_JSON, port: hive.port });
    const read = async () =>
      (await (await fetch(`${origin}/v1/hives/hive-a`)).json()) as { status: string; devices: unknown };
    await until("the hive is online with its devices", async () => {
      const { status, devices } = await read();
      return status === "online" && devices !== null;
    });
    expect((await postJson(`${origin}/v1/heartbeat`, beatJson("hive-a"))).status).toBe(200);
    hive.routes = { "/health": answer(503, "") };
    await until("the hive is offline", async () => (await read()).status === "offline");
    expect(queen.stdout).toMatch(/"was":"online","status":"offline","why":"[^"]+","msg":"hive offline"/);
  } finally {
    await hive.stop();
  }
});

test("says at start, and in metrics, when the server of the catalog does not sync each change to its disk", async () => {
  await using folder = await temporaryFolder();
  const server = await startTestServer({ path: join(folder.path, "hives.db") });
  onTestFinished(() => server.close());
  const found = async (env: NodeJS.ProcessEnv) => {
    const queen = queens.start([], env);
    const metrics = await (await fetch(`${await queen.origin()}/metrics`)).text();
    const warnings = queen.logLines.filter(({ msg }) => msg.includes("does not sync each change to its disk"));
    return [/^queen_catalog_durable (.*)$/m.exec(metrics)?.[1], warnings.map(({ level }) => level)];
  };
  expect(await found({ QUEEN_DATABASE: server.url })).toEqual(["0", [40]]);
  expect(await found({})).toEqual(["1", []]);
});

test("prints its version", async () => {
  const queen = queens.start(["--version"]);
  expect(await queen.end()).toEqual({ code: 0, signal: null });
  expect(queen.stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});
