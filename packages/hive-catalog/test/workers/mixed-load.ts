/**
 * Changes a catalog in many lanes at once until it is killed. Each lane owns one hive and changes it one call after the other.
 * Says on stdout, before each call, what the hive is to be after it (`want`), and after each answer that it was answered (`done`).
 */
import { writeSync } from "node:fs";
import { HiveCatalog, type HiveRecord } from "../../src/index.ts";
import { aHive } from "../../src/testing.ts";
import { Random } from "../random.ts";

type Want = { hive: HiveRecord | null; call: () => Promise<unknown> };

const [path = "", seed = "0", laneCount = "1"] = process.argv.slice(2);
/** Straight into the pipe, where it outlives this process; waits while the pipe is full. */
function say(line: object): void {
  for (let rest = Buffer.from(`${JSON.stringify(line)}\n`); rest.length > 0; ) {
    try {
      rest = rest.subarray(writeSync(1, rest));
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EAGAIN")) throw error;
    }
  }
}

writeSync(1, "ready\n");
for await (const _line of process.stdin) break;
const catalog = await HiveCatalog.open(path, { onCommit: ({ size }) => size > 1 && say({ group: size }) });

function nextChange(random: Random, hive: HiveRecord | undefined, id: string): Want {
  const devices = { cpu: { cores: random.integer(1, 64), ramGb: 8 }, gpus: [] };
  const port = random.integer(1, 65_535);
  if (hive === undefined) {
    const added = aHive({ id, port, devices });
    return { hive: added, call: () => catalog.addHive(added) };
  }
  const dice = random.integer(1, 20);
  if (dice === 1) return { hive: null, call: () => catalog.removeHive(id) };
  if (dice === 2) return { hive: { ...hive, port }, call: () => catalog.patchHive(id, { port }) };
  if (dice === 3) return { hive: { ...hive, devices }, call: () => catalog.updateDevices(id, devices) };
  if (dice === 4) {
    const replaced = { ...hive, host: `h${port}`, devices: null };
    return { hive: replaced, call: () => catalog.updateHive(replaced) };
  }
  if (dice <= 6) {
    const status = random.pick(["online", "offline", "unknown"] as const);
    return { hive: { ...hive, status }, call: () => catalog.updateHiveStatus(id, status) };
  }
  const lastHeartbeatMs = (hive.lastHeartbeatMs ?? 0) + random.integer(1, 1000);
  return { hive: { ...hive, lastHeartbeatMs }, call: () => catalog.updateHeartbeat(id, lastHeartbeatMs) };
}

async function runLane(lane: number): Promise<void> {
  const random = new Random(Number(seed) * 1000 + lane);
  const id = `lane-${lane}`;
  for (let hive = await catalog.getHive(id); ; ) {
    const want = nextChange(random, hive, id);
    say({ lane, want: want.hive });
    await want.call();
    say({ lane, done: true });
    hive = want.hive ?? undefined;
  }
}

await Promise.all(Array.from({ length: Number(laneCount) }, (_, lane) => runLane(lane)));
