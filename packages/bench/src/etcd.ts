import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { HiveCatalog } from "@repo/hive-catalog";
import { freePort, runProgram, type Server, startServer } from "./harness/child.ts";
import { beatAt, hiveId, makeFleet } from "./harness/fleet.ts";
import { callInLoops, inTurn, type Round } from "./harness/measure.ts";
import { type Benchmark, compared, notMeasured } from "./harness/result.ts";
import { installedWrk, runWrk } from "./harness/wrk.ts";

const CALLERS = 64;
const HIVES = 1000;

const row = {
  point: 6,
  what: `heartbeats of ${CALLERS} callers against etcd puts of ${CALLERS} callers`,
  meaning: "How many beats a second reach the disk, beside a store that is made for small synced writes.",
  unit: "/s",
  limit: { atLeast: 3 },
  note: "etcd's puts come from wrk over its JSON gateway: measured to be faster than a gRPC client in Node",
} as const;

export const etcd: Benchmark = {
  name: "etcd",
  async run({ folder, quick, progress }) {
    const version = await installedEtcd();
    const counterpart = `etcd ${version ?? ""}`.trim();
    if (version === undefined)
      return [notMeasured({ ...row, counterpart, note: "etcd is not installed (Debian: etcd-server)" })];
    if ((await installedWrk()) === undefined)
      return [notMeasured({ ...row, counterpart, note: "wrk is not installed" })];

    progress(row.what);
    const seconds = quick ? 1 : 3;
    const path = join(folder, "beside-etcd.db");
    await makeFleet(path, { size: HIVES, devices: "kinds" });
    const catalog = await HiveCatalog.open(path, { now: () => beatAt });
    const server = await startEtcd(join(folder, "etcd"));
    const url = `http://127.0.0.1:${server.port}/v3/kv/put`;
    const bodies = Array.from({ length: HIVES }, (_, n) => putBody(hiveId(n), String(beatAt + n)));
    const puts = async () => (await runWrk({ url, bodies, connections: CALLERS, seconds, folder })).perSecond;
    try {
      const seen = await inTurn(
        { ours: beatsPerSecond(catalog, seconds), theirs: puts },
        { rounds: quick ? 1 : 5, warmUp: quick ? 0 : 1 },
      );
      return [compared({ ...row, counterpart, ...seen })];
    } finally {
      await server.stop();
      await catalog.close();
    }
  },
};

async function installedEtcd(): Promise<string | undefined> {
  const said = await runProgram({ command: "etcd", args: ["--version"], timeoutMs: 5000 }).catch(() => "");
  return /etcd Version: (\S+)/.exec(said)?.[1];
}

/** One node, with etcd's own settings, which sync each write. */
async function startEtcd(dataFolder: string): Promise<Server> {
  await mkdir(dataFolder, { mode: 0o700 });
  const client = `http://127.0.0.1:${await freePort()}`;
  const peer = `http://127.0.0.1:${await freePort()}`;
  const args = [
    ...["--data-dir", dataFolder, "--logger", "zap"],
    ...["--listen-client-urls", client, "--advertise-client-urls", client],
    ...["--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster", `default=${peer}`],
  ];
  return startServer({
    command: "etcd",
    args,
    ready: /serving client traffic insecurely.*"address":"[^"]*:(\d+)"/,
  });
}

function putBody(key: string, value: string): string {
  const base64 = (text: string) => Buffer.from(text).toString("base64");
  return JSON.stringify({ key: base64(key), value: base64(value) });
}

function beatsPerSecond(catalog: HiveCatalog, seconds: number): Round {
  let beat = 0;
  const next = () => catalog.updateHeartbeat(hiveId(beat % HIVES), beatAt + beat++);
  return async () => {
    const startedMs = performance.now();
    const beats = await callInLoops(CALLERS, seconds * 1000, next);
    return (beats.length / (performance.now() - startedMs)) * 1000;
  };
}
