import * as fc from "fast-check";
import type { Call } from "./calls.ts";

export const START_MS = 1_761_040_800_000;

export const HIVE_IDS = ["a", "b", "c", "d"];

const id = fc.constantFrom(...HIVE_IDS);
const anyId = fc.oneof({ weight: 12, arbitrary: id }, { weight: 1, arbitrary: fc.constant("no id") });
const port = fc.integer({ min: 1, max: 65_535 });
const host = fc.constantFrom("127.0.0.1", "::1", "h.example.org");
const status = fc.constantFrom("unknown", "online", "offline");
const anyStatus = fc.oneof({ weight: 9, arbitrary: status }, { weight: 1, arbitrary: fc.constant("asleep") });
export const timeMs = fc.integer({ min: START_MS - 600_000, max: START_MS + 600_000 });
const size = fc.integer({ min: 0, max: 2 ** 31 });
const gpuName = fc.string({ minLength: 1, maxLength: 9 }).filter(isGpuName);
const gpu = fc.record(
  {
    index: fc.nat(7),
    name: gpuName,
    vramGb: fc.option(size),
    uuid: gpuName,
    vendor: gpuName,
    backend: gpuName,
    unified: fc.boolean(),
  },
  { requiredKeys: ["index", "name", "vramGb"] },
);
const gpus = fc.uniqueArray(gpu, {
  selector: ({ index }) => index,
  maxLength: 3,
});
const devices = fc.record({
  cpu: fc.option(fc.record({ cores: fc.integer({ min: 1, max: 512 }), ramGb: size })),
  gpus: fc.option(gpus),
});
const fields = {
  host,
  port,
  sshHost: fc.option(host),
  sshPort: fc.option(port, { freq: 2 }),
  sshUser: fc.option(fc.constant("admin"), { freq: 2 }),
  status,
  devices: fc.option(devices),
};
const times = { lastHeartbeatMs: fc.option(timeMs), createdAtMs: timeMs, updatedAtMs: timeMs };
const newHive = fc.record({ id, ...fields, ...times }, { requiredKeys: ["id", "host", "port"] });
export const page = fc.record({ after: id, limit: fc.integer({ min: 1, max: 5 }) }, { requiredKeys: [] });

/** As the rule for the names of GPUs has it: no control characters. */
function isGpuName(name: string): boolean {
  return name.trim() !== "" && !/\p{C}/u.test(name);
}

export const call = (method: string, ...args: fc.Arbitrary<unknown>[]): fc.Arbitrary<Call> =>
  fc.record({ method: fc.constant(method), args: fc.tuple(...args) });

const addHive = call("addHive", newHive);

export const hiveChanges = [
  addHive,
  addHive,
  call("updateHive", fc.record({ id, ...fields, ...times })),
  call("patchHive", id, fc.record(fields, { requiredKeys: [] })),
  call("updateHiveStatus", anyId, anyStatus),
  call("markOffline", anyId, timeMs),
  call("updateHeartbeat", anyId, timeMs),
  fc.record({ method: fc.constant("beats"), args: fc.array(fc.tuple(id, timeMs), { minLength: 2, maxLength: 6 }) }),
  call("updateDevices", id, devices),
  call("removeHive", anyId),
];
export const hiveReads = [
  call("getHive", anyId),
  call("hiveExists", anyId),
  call("listHives", page),
  call("streamHives", fc.record({ pageSize: fc.integer({ min: 1, max: 3 }) })),
  call("findHivesByStatus", anyStatus, page),
  call("findOnlineHives", page),
  call("findOfflineHives", page),
  call("findStaleHives", fc.nat(120_000), fc.record({ limit: fc.integer({ min: 1, max: 5 }) }, { requiredKeys: [] })),
  call("findHivesWithDevices", page),
  call("findHivesWithoutDevices", page),
  call("countHives"),
  call("countByStatus", anyStatus),
];
