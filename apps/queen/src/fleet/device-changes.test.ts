import type { DeviceCapabilities } from "@repo/device-types";
import { expect, test } from "vitest";
import { changeOf, oneLine, withKnown } from "./device-changes.ts";

const cpu = { cores: 8, ramGb: 32 };
const gpu = (index: number, name = "A", vramGb: number | null = 8) => ({ index, name, vramGb });
const withGpus = (...names: string[]): DeviceCapabilities => ({
  cpu,
  gpus: names.map((name, index) => gpu(index, name)),
});

test.each<[DeviceCapabilities | null, DeviceCapabilities, string | undefined]>([
  [null, withGpus(), "8 cores and 32 GB of RAM, no GPUs"],
  [null, { cpu: null, gpus: null }, "an unknown CPU, unknown GPUs"],
  [withGpus("A"), withGpus("A"), undefined],
  [{ cpu: null, gpus: null }, { cpu: null, gpus: null }, undefined],
  [withGpus("A", "A", "B"), withGpus("B", "A"), "1 × B and 1 × A instead of 2 × A and 1 × B"],
  [
    withGpus("A"),
    { cpu: null, gpus: [] },
    "an unknown CPU instead of 8 cores and 32 GB of RAM; no GPUs instead of 1 × A",
  ],
  [withGpus("A"), { cpu, gpus: [gpu(0, "A", null)] }, "the same GPUs by name, otherwise told"],
  [withGpus("A"), { cpu, gpus: [{ ...gpu(0), uuid: "u" }] }, "the same GPUs by name, otherwise told"],
  [
    withGpus(),
    withGpus("A", "B", "C", "D", "E", "F"),
    "1 × A and 1 × B and 1 × C and 1 × D and 2 other kinds of GPU instead of no GPUs",
  ],
])("what is other about %j and %j is said by name and number", (was, devices, change) => {
  expect(changeOf(was, devices)).toBe(change);
});

test("what is told is one line of 500 characters at most, without what steers a terminal", () => {
  expect(oneLine(["a\u202e", "b\n"])).toBe("a\\u202e; b\\u000a");
  expect(oneLine(["\n".repeat(256), "x"])).toHaveLength(500);
});

test("what a hive could not read is completed by what is known of it, its GPUs by their kind alone", () => {
  const was = { cpu, gpus: [{ ...gpu(0), uuid: "u", vendor: "v", backend: "b", unified: true }] };
  expect(withKnown({ cpu: null, gpus: null }, was)).toEqual(was);
  expect(withKnown({ cpu: null, gpus: null }, null)).toEqual({ cpu: null, gpus: null });
  expect(withKnown({ cpu, gpus: [] }, was)).toEqual({ cpu, gpus: [] });
  expect(withKnown({ cpu, gpus: [gpu(3, "A", null), gpu(4, "B")] }, was).gpus).toEqual([
    { ...gpu(3, "A", null), vendor: "v", backend: "b" },
    gpu(4, "B"),
  ]);
  expect(withKnown({ cpu, gpus: [{ ...gpu(3), backend: "other" }] }, was).gpus).toMatchObject([{ backend: "other" }]);
});
