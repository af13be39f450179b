import type { DeviceCapabilities } from "@repo/device-types";
import type { HiveRecord } from "@repo/hive-catalog";
import { beatAt } from "./fleet.ts";

/** A hive that is in no fleet yet, with devices that no other hive has. */
export function aNewHive(n: number): HiveRecord & { devices: DeviceCapabilities } {
  const host = `10.200.${(n >> 8) & 255}.${n & 255}`;
  return {
    id: `new-${String(n).padStart(7, "0")}`,
    host,
    port: 8600,
    sshHost: host,
    sshPort: 22,
    sshUser: "admin",
    status: "unknown",
    lastHeartbeatMs: null,
    devices: {
      cpu: { cores: 8 + (n % 120), ramGb: 32 + n },
      gpus: [0, 1].map((index) => ({ index, name: `NVIDIA RTX ${3060 + n}`, vramGb: 8 + (n % 72) })),
    },
    createdAtMs: beatAt,
    updatedAtMs: beatAt,
  };
}
