import { Agent, request } from "node:http";
import { HiveCatalog } from "@repo/hive-catalog";
import { aHive, temporaryFolder } from "@repo/hive-catalog/testing";
import { expect, test } from "vitest";
import { spawnQueen } from "../daemon.ts";
import { beatJson } from "../test-queen.ts";

const BEATS = 1000;
const ids = Array.from({ length: BEATS }, (_, index) => `hive-${index}`);

/** Sends one heartbeat; resolves to its status, or undefined when the connection was closed without an answer. */
function sendBeat(port: number, agent: Agent, id: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    const headers = { "content-type": "application/json" };
    const sent = request({ host: "127.0.0.1", port, agent, method: "POST", path: "/v1/heartbeat", headers });
    sent.on("response", (response) => {
      response
        .resume()
        .on("end", () => resolve(response.statusCode))
        .on("error", () => resolve(undefined));
    });
    sent.on("error", () => resolve(undefined));
    sent.end(JSON.stringify(beatJson(id)));
  });
}

test("SIGTERM with 1,000 beats in flight: each gets its answer or a closed connection, and every answered one is stored", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/hives.db`;
  const before = await HiveCatalog.open(path);
  await Promise.all(ids.map((id) => before.addHive(aHive({ id, lastHeartbeatMs: null }))));
  await before.close();

  await using queen = spawnQueen([], { QUEEN_DATABASE: path, QUEEN_HEALTH_INTERVAL_MS: "3600000" });
  const port = await queen.port();
  const agent = new Agent({ maxSockets: BEATS });
  let answered = 0;
  let answeredAtSignal = BEATS;
  const statuses = await Promise.all(
    ids.map(async (id) => {
      const status = await sendBeat(port, agent, id);
      answered += 1;
      if (answered === 1) {
        queen.child.kill("SIGTERM");
        answeredAtSignal = answered;
      }
      return status;
    }),
  );
  expect(await queen.end()).toEqual({ code: 0, signal: null });
  expect(answeredAtSignal).toBeLessThan(BEATS);
  expect(queen.logLines.map(({ msg }) => msg)).toContain("queen stopped");

  expect(new Set(statuses)).toEqual(new Set(statuses.includes(undefined) ? [200, undefined] : [200]));
  await using after = await HiveCatalog.open(path);
  const stored = new Map((await after.listHives()).map(({ id, lastHeartbeatMs }) => [id, lastHeartbeatMs]));
  const lost = ids.filter((id, index) => statuses[index] === 200 && stored.get(id) === null);
  expect(lost).toEqual([]);
});
