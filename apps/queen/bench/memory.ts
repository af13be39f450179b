import { existsSync } from "node:fs";
import { Agent, request } from "node:http";
import { join } from "node:path";
import { absolute, type Benchmark, hiveId, notMeasured, type Server } from "@repo/bench";
import { aHeartbeat } from "./heartbeats.ts";
import { residentMb } from "./resident.ts";
import { beatingFleet, buildQueen, startQueen } from "./servers.ts";

const CONNECTIONS = 64;

export const memory: Benchmark = {
  name: "memory",
  async run({ folder, quick, progress }) {
    const hives = quick ? 1000 : 10_000;
    const row = {
      point: 5,
      what: `memory of a queen with ${hives} hives`,
      meaning: "What is in RAM of her process once each of them has sent her a beat.",
      unit: "MB",
      limit: { atMost: 130 },
    } as const;
    if (!existsSync("/proc/self/status"))
      return [notMeasured({ ...row, note: "this system has no /proc to read it from" })];
    progress(row.what);
    const path = join(folder, "memory.db");
    await beatingFleet(path, hives);
    const queen = await buildQueen(folder);
    const ours: number[] = [];
    for (let round = 0; round < (quick ? 1 : 5); round++)
      ours.push(await memoryMb(() => startQueen(queen, path), hives));
    return [absolute({ ...row, ours })];
  },
};

async function memoryMb(start: () => Promise<Server>, hives: number): Promise<number> {
  const server = await start();
  try {
    await beatAll(server, hives);
    return residentMb(server.pid);
  } finally {
    await server.stop();
  }
}

async function beatAll({ port }: Server, hives: number): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const waiting = Array.from({ length: hives }, (_, n) => hiveId(n)).values();
  const beatInTurn = async () => {
    for (const id of waiting) await beat(agent, port, id);
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, beatInTurn));
  agent.destroy();
}

function beat(agent: Agent, port: number, id: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = { "content-type": "application/json" };
    request({ agent, host: "127.0.0.1", port, path: "/v1/heartbeat", method: "POST", headers }, (response) => {
      response.resume();
      response.once("end", () =>
        response.statusCode === 200
          ? resolve()
          : reject(new Error(`a beat of ${id} was answered ${response.statusCode}`)),
      );
    })
      .once("error", reject)
      .end(aHeartbeat(id, 0));
  });
}
