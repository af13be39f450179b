import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { bundleOf } from "../../../scripts/build/cache.js";
import { temporaryFolder } from "../src/testing.ts";

const PROGRAM = await bundleOf(fileURLToPath(new URL("no-descriptors.ts", import.meta.url)));
const CARD = { vendor: "0x1002", class: "0x120000", device: "0x74a1", mem_info_vram_total: `${192 * 2 ** 30}` };

test("an agent that can open no file more takes nothing back of what it knows, and says no limit is none", () => {
  const sysfs = temporaryFolder();
  const folder = join(sysfs, "bus/pci/devices/0000:05:00.0");
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(CARD)) writeFileSync(join(folder, name), `${text}\n`);
  const limited = ["-c", 'ulimit -n 100; exec "$0" "$@"', process.execPath, PROGRAM, sysfs];
  const { stdout, stderr } = spawnSync("sh", limited, { encoding: "utf8", timeout: 30_000 });
  expect(stderr).toBe("");
  const { before, after } = JSON.parse(stdout);
  expect(before).toMatchObject({
    devices: { cpu: { cores: expect.any(Number) }, gpus: [{ vramGb: 192 }] },
    telemetry: { host: { memory_total_bytes: expect.any(Number) }, gpus: [{ index: 0 }] },
  });
  expect(after.devices).toMatchObject({ cpu: null, gpus: before.devices.gpus });
  expect(after.devices.problems.join()).toMatch(
    /cards on the bus could not be read: .*EMFILE.*limits of this host could not be read: .*EMFILE/,
  );
  expect(after.telemetry).toEqual({ host: { memory_total_bytes: null, memory_used_bytes: null, cpu_percent: null } });
}, 60_000);
