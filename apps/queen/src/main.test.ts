import { expect, test } from "vitest";
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

  expect(first.logLines[0]).toMatchObject({ msg: "new catalog made", catalog: queens.file, hives: 0 });

  const second = queens.start();
  const found = await fetch(`${await second.origin()}/v1/hives/hive-a`);
  expect(await found.json()).toEqual(stored);
  expect(second.logLines[0]).toMatchObject({ msg: "catalog opened", catalog: queens.file, hives: 1 });
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

test("warns of each misspelt variable, with what was meant, and of none that another program reads", async () => {
  const queen = queens.start([], { QUEEN_ALLOWED_HOST: "10.0.0.0/8", QUEEN_PROT: "hunter2", QUEEN_TOKEN: "hq_1" });
  await queen.origin();
  expect(queen.logLines.filter(({ level }) => level === 40).map(({ msg }) => msg)).toEqual([
    "QUEEN_ALLOWED_HOST is no setting, and changes nothing: the nearest that is one is QUEEN_ALLOWED_HOSTS",
    "QUEEN_PROT is no setting, and changes nothing: the nearest that is one is QUEEN_PORT",
  ]);
});

test("prints its version", async () => {
  const queen = queens.start(["--version"]);
  expect(await queen.end()).toEqual({ code: 0, signal: null });
  expect(queen.stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});
