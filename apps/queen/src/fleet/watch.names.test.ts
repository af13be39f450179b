import { writeFile } from "node:fs/promises";
import { temporaryFolder } from "@repo/hive-catalog/testing";
import { describe, expect, onTestFinished, test } from "vitest";
import { startHive } from "../../test/hive-server.ts";
import { NameServer } from "../../test/name-server.ts";
import { addHive, beat, startTestQueen, statusOf } from "../../test/test-queen.ts";
import { Names } from "../reach/names.ts";

describe("a name server that says nothing", () => {
  const names = Array.from({ length: 10 }, (_, index) => `gpu-${index}`);

  async function startFleet() {
    const folder = await temporaryFolder();
    onTestFinished(() => folder[Symbol.asyncDispose]());
    const hostsFile = `${folder.path}/hosts`;
    await writeFile(hostsFile, "127.0.0.1 alive");
    const server = await NameServer.start();
    const { resolve } = new Names({ servers: [server.address], hostsFile, resolverFile: "/dev/null" });
    const queen = await startTestQueen({ resolve, healthIntervalMs: 2000, staleAfterMs: 4000, massFailureShare: 1 });
    onTestFinished(() => queen[Symbol.asyncDispose]());
    const round = async () => {
      await queen.watch.runRound();
      queen.clock.advance(1200);
      await queen.watch.sweep();
    };
    const { port } = await startHive();
    return { queen, server, round, port };
  }

  test("takes no hive offline, nor makes one unreachable", async () => {
    const { queen, server, round, port } = await startFleet();
    server.isSilent = true;
    for (const name of names) await addHive(queen, port, { id: name, host: name, status: "online" });
    await addHive(queen, port, { id: "alive", host: "alive" });
    await round();
    expect(await statusOf(queen, "alive")).toBe("online");
    for (let rounds = 0; rounds < 8; rounds += 1) {
      await beat(queen, "gpu-0");
      await round();
    }
    expect(queen.changes()).toEqual(["alive: unknown → online"]);
    const { body } = await queen.request("GET", "/v1/hives/gpu-0/liveness");
    expect(body).toMatchObject({ rule: "beats_arrive", unreachable_since_ms: null });
    expect(body).toHaveProperty("probes.0.outcome", "unresolved");
  });

  test("keeps nobody online who does not answer where he was last", async () => {
    const { queen, server, round, port } = await startFleet();
    const hive = await startHive();
    server.addresses["gpu-0"] = "127.0.0.1";
    await addHive(queen, hive.port, { id: "gpu-0", host: "gpu-0" });
    await addHive(queen, port, { id: "alive", host: "alive" });
    await round();
    server.isSilent = true;
    await round();
    expect(await statusOf(queen, "gpu-0")).toBe("online");
    await hive.stop();
    for (let rounds = 0; rounds < 8; rounds += 1) await round();
    expect(queen.changes()).toContain("gpu-0: online → offline");
    expect(await statusOf(queen, "alive")).toBe("online");
  });

  test("is unlike one that knows of no such host", async () => {
    const { queen, round, port } = await startFleet();
    await addHive(queen, port, { id: "gpu-0", host: "gpu-0", status: "online" });
    for (let rounds = 0; rounds < 8; rounds += 1) await round();
    expect(await statusOf(queen, "gpu-0")).toBe("offline");
  });
});
