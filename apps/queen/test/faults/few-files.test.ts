import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { never } from "../a-probe.ts";
import { HEALTHY, startHive } from "../hive-server.ts";
import { postJson, queenProcesses } from "../queen-processes.ts";
import { until } from "../until.ts";

const processes = queenProcesses();
const SETTINGS = { QUEEN_HEALTH_INTERVAL_MS: "1000", QUEEN_STALE_AFTER_MS: "2000", QUEEN_LOG_LEVEL: "debug" };

/** A queen that may have so many files open. */
const startWith = (files: number) =>
  processes.start([], SETTINGS, { through: ["sh", "-c", `ulimit -n ${files}; exec "$@"`, "sh"] });

test("whoever opens more connections than there are files for keeps /health from nobody", async () => {
  const queen = startWith(80);
  const port = await queen.port();
  const sockets: Socket[] = [];
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
  });
  for (let n = 0; n < 100; n++) {
    const socket = connect(port, "127.0.0.1").on("error", () => undefined);
    sockets.push(socket);
    await once(socket, "connect");
  }
  expect((await fetch(`${await queen.origin()}/health`)).status).toBe(200);
});

test("a hive to which the queen has no file left for a connection is not taken for lost", async () => {
  const alive = await startHive(HEALTHY);
  const silent = await startHive({ "/health": never });
  const queen = startWith(64);
  const add = async (id: string, { port }: { port: number }) =>
    postJson(`${await queen.origin()}/v1/hives`, { id, host: "127.0.0.1", port });
  const said = (msg: string) => queen.logLines.filter(({ hive_id, msg: said }) => hive_id === "z" && said === msg);
  await add("z", alive);
  await until("it is online", () => said("hive online").length > 0);
  // They are asked first, and their connections are kept until the checks have failed.
  for (let n = 0; n < 60; n++) await add(`a-${n}`, silent);
  const unsent = () => said("health check failed").filter(({ err }) => JSON.stringify(err).includes("EMFILE"));
  await until("it was not asked several times", () => unsent().length >= 8);
  expect(said("hive offline")).toEqual([]);
});
