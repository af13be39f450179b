import { type DeviceCapabilities, GpuRequirement } from "@repo/device-types";
import { type HiveRecord, newHiveRecord } from "@repo/hive-catalog";
import { expect, test, vi } from "vitest";
import { Traits } from "./traits.ts";

const L4 = { index: 0, name: "NVIDIA L4", vramGb: 22 };
const devicesOf = (uuid: string): DeviceCapabilities => ({
  cpu: { cores: 8, ramGb: 32 },
  gpus: [{ ...L4, uuid, backend: "cuda" }],
});

test("hives whose devices differ in what no requirement asks for are the same hardware, which is looked at once", () => {
  const traits = new Traits();
  const ids = Array.from({ length: 50 }, (_, n) => `hive-${n}`);
  for (const id of ids) traits.learnDevices(id, devicesOf(`GPU-${id}`), 0);
  traits.learnDevices("other", { cpu: null, gpus: [] }, 0);
  const gpu = GpuRequirement.parse("nvidia:16GB");
  const looks = vi.spyOn(gpu, "matches");
  const isChosen = traits.chooser(undefined, gpu);
  expect([...ids, "other", "unknown"].filter(isChosen)).toEqual(ids);
  expect(looks).toHaveBeenCalledTimes(3);
});

test("many kinds leave those that are known one kind each", () => {
  const traits = new Traits();
  const learn = (id: string, cores: number) =>
    traits.learnDevices(id, { ...devicesOf(id), cpu: { cores, ramGb: 32 } }, 0);
  for (let cores = 1; cores <= 1000; cores++) learn(`hive-${cores}`, cores);
  learn("twin", 1);
  const gpu = GpuRequirement.parse("nvidia");
  const looks = vi.spyOn(gpu, "matches");
  const isChosen = traits.chooser(undefined, gpu);
  expect(["hive-1", "twin"].filter(isChosen)).toEqual(["hive-1", "twin"]);
  learn("again", 2);
  expect(["again", "hive-2"].filter(isChosen)).toEqual(["again", "hive-2"]);
  expect(looks).toHaveBeenCalledTimes(2);
});

test("devices that were read before those that are known change nothing", () => {
  const traits = new Traits();
  const gpu = GpuRequirement.parse("l4");
  const hasGpu = () => traits.chooser(undefined, gpu)("a");
  expect(traits.learnDevices("a", devicesOf("GPU-1"), 20)).toBe(true);
  expect(traits.learnDevices("a", null, 10)).toBe(false);
  expect(hasGpu()).toBe(true);
  expect(traits.learnDevices("a", null, 30)).toBe(true);
  expect(traits.learnDevices("a", devicesOf("GPU-1"), 20)).toBe(false);
  expect(hasGpu()).toBe(false);
});

test("what another program changed of a hive is noticed, each part of it", () => {
  const record = newHiveRecord({ id: "a", host: "h", port: 1 }, 1);
  const noticed = (changes: Partial<HiveRecord>, labels: Record<string, string> = { env: "prod" }) => {
    const traits = new Traits();
    traits.learn(record, { env: "prod" }, 1);
    return traits.learn({ ...record, ...changes }, labels, 2);
  };
  expect(noticed({})).toEqual([]);
  for (const address of [
    { host: "i" },
    { port: 2 },
    { sshHost: "s" },
    { sshPort: 2 },
    { sshUser: "u" },
    { createdAtMs: 2 },
  ]) {
    expect(noticed(address)).toEqual(["address"]);
  }
  expect(noticed({ devices: devicesOf("GPU-1") })).toEqual(["devices"]);
  for (const labels of [{ env: "dev" }, { env: "prod", rack: "r1" }, {}])
    expect(noticed({}, labels)).toEqual(["labels"]);
});
