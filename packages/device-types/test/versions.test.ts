import { expect, test } from "vitest";
import * as z from "zod";
import { DeviceCapabilitiesJson, DeviceReportJson, decodeDevices } from "../src/index.ts";
import { OldDeviceCapabilitiesJson } from "./old-rules.ts";

/** As the specification has them: what of it is no u32 makes the ancestor read no devices at all. It ignores further keys. */
const u32 = z.int().min(0).max(4_294_967_295);
const AncestorsDevices = z.object({
  cpu: z.object({ cores: u32, ram_gb: u32 }).nullish(),
  gpus: z.array(z.object({ index: u32, name: z.string(), vram_gb: u32 })),
});

const cpu = { cores: 8, ram_gb: 32 };
const gpu = { index: 0, name: "RTX 3060", vram_gb: 12 };
const told = { ...gpu, uuid: "GPU-5a2e", vendor: "nvidia", backend: "cuda", unified: false };
const read = { index: 0, name: "RTX 3060", vramGb: 12 };
const { index: _index, ...nameless } = gpu;

test.each([
  ["devices", { cpu, gpus: [gpu] }, [read]],
  ["no GPUs", { cpu, gpus: [] }, []],
  ["what drives them", { cpu, gpus: [{ ...gpu, backend: "cuda" }] }, [{ ...read, backend: "cuda" }]],
  ["further keys", { cpu, gpus: [{ ...gpu, models: [] }], models: [] }, [read]],
  ["the ancestor's ids", { cpu, gpus: [{ ...nameless, id: "gpu0" }] }, [read]],
])("what an old agent answers a new queen reads as the old one does: %s", (_what, json, gpus) => {
  const devices = { cpu: { cores: 8, ramGb: 32 }, gpus };
  expect(OldDeviceCapabilitiesJson.parse(json)).toEqual(devices);
  expect(DeviceReportJson.parse(json)).toEqual({ ...devices, problems: [] });
});

test.each([
  ["no cores", { cpu: { ...cpu, cores: 0 }, gpus: [] }],
  ["no gpus", { cpu }],
  ["memory of a GPU that is no number", { cpu, gpus: [{ ...gpu, vram_gb: "12" }] }],
  ["memory of a GPU that is left out", { cpu, gpus: [{ index: 0, name: "RTX 3060" }] }],
  ["one index twice", { cpu, gpus: [gpu, gpu] }],
])("what an old queen refuses of an old agent a new one refuses: %s", (_what, json) => {
  const wrongOf = ({ error }: { error?: z.ZodError }) => error?.issues.map(({ path }) => path.join("."));
  const wrong = wrongOf(OldDeviceCapabilitiesJson.safeParse(json));
  expect(wrong).toBeDefined();
  expect(wrongOf(DeviceReportJson.safeParse(json))).toEqual(wrong);
});

test.each([
  ["devices that are known", { cpu, gpus: [gpu] }, [read]],
  ["what else is known of a GPU", { cpu, gpus: [told] }, [{ ...read, backend: "cuda" }]],
  [
    "GPUs of which some could not be read",
    { cpu, gpus: [told], problems: ["one is lost"] },
    [{ ...read, backend: "cuda" }],
  ],
])("what a new agent answers an old queen reads, as far as she knows it: %s", (_what, json, gpus) => {
  expect(DeviceReportJson.encode(DeviceReportJson.decode(json))).toEqual(json);
  expect(OldDeviceCapabilitiesJson.parse(json)).toEqual({ cpu: { cores: 8, ramGb: 32 }, gpus });
});

test.each([
  ["GPUs that could not be read", { cpu, gpus: null, problems: ["nvidia-smi exited with 18"] }, "gpus"],
  ["memory that is not known", { cpu, gpus: [{ ...gpu, vram_gb: null }] }, "gpus.0.vram_gb"],
])("what a new agent answers an old queen refuses, and so keeps what she had: %s", (_what, json, path) => {
  expect(DeviceReportJson.safeParse(json).success).toBe(true);
  const { error } = OldDeviceCapabilitiesJson.safeParse(json);
  expect(error?.issues.map((issue) => issue.path.join("."))).toEqual([path]);
});

test.each([
  ["devices", { cpu, gpus: [gpu] }],
  ["what drives a GPU", { cpu: null, gpus: [{ ...gpu, backend: "cuda" }] }],
  ["no GPUs", { cpu, gpus: [] }],
])("what was written so far is read as before, and written byte for byte: %s", (_what, json) => {
  const before = OldDeviceCapabilitiesJson.decode(json);
  expect(decodeDevices(json)).toEqual(before);
  expect(JSON.stringify(DeviceCapabilitiesJson.encode(before))).toBe(
    JSON.stringify(OldDeviceCapabilitiesJson.encode(before)),
  );
});

test.each([
  ["devices", { cpu, gpus: [gpu] }, true],
  ["what else is known of a GPU", { cpu, gpus: [told] }, true],
  ["a CPU that could not be read", { cpu: null, gpus: [gpu] }, true],
  ["GPUs that could not be read", { cpu, gpus: null }, false],
  ["memory that is not known", { cpu, gpus: [{ ...told, vram_gb: null }] }, false],
])(
  "of what is stored the ancestor reads all but a hive whose GPUs or their memory are unknown: %s",
  (_what, json, isRead) => {
    const written: unknown = DeviceCapabilitiesJson.encode(decodeDevices(json));
    expect(written).toEqual(json);
    expect(AncestorsDevices.safeParse(written).success).toBe(isRead);
  },
);
