import { once } from "node:events";
import { existsSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { absolute, type Benchmark, notMeasured, startServer } from "@repo/bench";
import { NODE_FLAGS } from "../../hive/src/control/starting.ts";
import { residentMb } from "./resident.ts";
import { buildQueen } from "./servers.ts";

const BEAT_INTERVAL_MS = 100;
const LISTENING = /"port":(\d+).*"msg":"hive listening"/;

export const agentMemory: Benchmark = {
  name: "memory of an agent",
  async run({ folder, quick, progress }) {
    const beats = quick ? 50 : 200;
    const row = {
      point: 5,
      what: "memory of an agent",
      meaning: `What is in RAM of the process of an agent as a queen starts it, after ${beats} readings of its host and beats.`,
      unit: "MB",
      limit: { atMost: 90 },
    } as const;
    if (!existsSync("/proc/self/status"))
      return [notMeasured({ ...row, note: "this system has no /proc to read it from" })];
    progress(row.what);
    const agent = join(dirname(await buildQueen(folder)), "hive.js");
    const ours: number[] = [];
    for (let round = 0; round < (quick ? 1 : 3); round++) ours.push(await memoryMb(agent, beats));
    return [absolute({ ...row, ours })];
  },
};

async function memoryMb(agent: string, beats: number): Promise<number> {
  const queen = await startTakingBeats(beats);
  const flags = ["--port", "0", "--queen", queen.url, "--beat-interval-ms", String(BEAT_INTERVAL_MS)];
  const server = await startServer({
    command: process.execPath,
    args: [...NODE_FLAGS, agent, ...flags],
    ready: LISTENING,
  });
  try {
    await queen.beaten;
    return residentMb(server.pid);
  } finally {
    await server.stop();
    queen.close();
  }
}

/** In a queen's place: takes beats, and says when there were enough. */
async function startTakingBeats(wanted: number) {
  let beats = 0;
  let enough = (): void => undefined;
  const beaten = new Promise<void>((resolve) => {
    enough = resolve;
  });
  const server = createServer((request, response) => {
    request.resume().once("end", () => {
      response.setHeader("content-type", "application/json").end('{"status":"ok","message":"received"}');
      beats += 1;
      if (beats === wanted) enough();
    });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  return { url: `http://127.0.0.1:${port}`, beaten, close };
}
