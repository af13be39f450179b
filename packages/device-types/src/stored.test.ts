import fc from "fast-check";
import { expect, test } from "vitest";
import { DeviceCapabilitiesJson, toDeviceCapabilitiesJson } from "./json.ts";
import { decodeDevices } from "./stored.ts";

const count = fc.oneof(
  fc.integer({ min: -1, max: 3 }),
  fc.constantFrom(1_000_001, 4_294_967_295, 4_294_967_296, 0.5, "1", null),
);
const name = fc.oneof(fc.string({ maxLength: 8 }), fc.constantFrom("x".repeat(257), 1));
const further = fc.constantFrom("cuda", true, "", null, 5, "x".repeat(257));
const gpu = fc.oneof(
  fc.record({ index: count, name, vram_gb: count }),
  fc.record({ index: count, name, vram_gb: count, uuid: further, vendor: further, backend: further, unified: further }),
  fc.record({ id: fc.constantFrom("gpu0", "gpu1", "0"), name, vram_gb: count }),
  fc.record({ index: count, id: fc.constant("gpu1"), name, vram_gb: count }),
  fc.constantFrom(null, 1, "gpu"),
);
const cpu = fc.oneof(
  fc.constantFrom(null, 1, [], undefined),
  fc.record({ cores: count, ram_gb: count, models: fc.constant([]) }),
);
const anyJson = fc.oneof(
  fc.record({ cpu, gpus: fc.oneof(fc.array(gpu, { maxLength: 3 }), fc.constantFrom(null, {}, 1)) }),
  fc.jsonValue(),
);

const decoded = (json: unknown): unknown => decodeDevices(JSON.parse(JSON.stringify(json)));

test("whatever input takes is read the same", () => {
  fc.assert(
    fc.property(anyJson, (json) => {
      const input = DeviceCapabilitiesJson.safeParse(JSON.parse(JSON.stringify(json)));
      if (input.success) expect(decoded(json)).toEqual(input.data);
    }),
    { numRuns: 5_000 },
  );
});

test("whatever is read has the right kinds, and comes out of its JSON form the same", () => {
  const isU32 = (value: unknown) => Number.isInteger(value) && Number(value) >= 0 && Number(value) < 2 ** 32;
  const readOrRefused = (json: unknown) => {
    try {
      return decodeDevices(json);
    } catch (error) {
      expect(error).toBeInstanceOf(Error);
      return undefined;
    }
  };
  fc.assert(
    fc.property(anyJson, (json) => {
      const devices = readOrRefused(JSON.parse(JSON.stringify(json)));
      if (devices === undefined) return;
      const numbers = [devices.cpu?.cores ?? 0, devices.cpu?.ramGb ?? 0];
      for (const { index, vramGb, name } of devices.gpus ?? []) {
        numbers.push(index, vramGb ?? 0);
        expect(typeof name).toBe("string");
      }
      expect(numbers.filter((number) => !isU32(number))).toEqual([]);
      expect(decoded(toDeviceCapabilitiesJson(devices))).toEqual(devices);
    }),
    { numRuns: 5_000 },
  );
});

const gpuJson = { index: 0, name: "a", vram_gb: 1 };
const aGpu = { index: 0, name: "a", vramGb: 1 };

test.each([
  ["no cores", { cpu: { cores: 0, ram_gb: 1 }, gpus: [] }, { cpu: { cores: 0, ramGb: 1 }, gpus: [] }],
  ["no cpu", { gpus: [] }, { cpu: null, gpus: [] }],
  ["one index twice", { cpu: null, gpus: [gpuJson, gpuJson] }, { cpu: null, gpus: [aGpu, aGpu] }],
  ["an empty name", { cpu: null, gpus: [{ ...gpuJson, name: "" }] }, { cpu: null, gpus: [{ ...aGpu, name: "" }] }],
  [
    "the ancestor's id",
    { cpu: null, gpus: [{ id: "gpu7", name: "a", vram_gb: 1 }] },
    { cpu: null, gpus: [{ ...aGpu, index: 7 }] },
  ],
  ["GPUs that could not be read", { cpu: null, gpus: null }, { cpu: null, gpus: null }],
  [
    "memory that is not known",
    { cpu: null, gpus: [{ ...gpuJson, vram_gb: null }] },
    { cpu: null, gpus: [{ ...aGpu, vramGb: null }] },
  ],
  [
    "what else is known of a GPU",
    { cpu: null, gpus: [{ ...gpuJson, uuid: "u", vendor: "v", backend: "b", unified: false }] },
    { cpu: null, gpus: [{ ...aGpu, uuid: "u", vendor: "v", backend: "b", unified: false }] },
  ],
  [
    "what has the name of something else",
    { cpu: null, gpus: [{ ...gpuJson, uuid: 5, vendor: {}, backend: "", unified: "yes" }] },
    { cpu: null, gpus: [aGpu] },
  ],
  ["further keys", { cpu: null, gpus: [{ ...gpuJson, driver: 5 }], tpus: [] }, { cpu: null, gpus: [aGpu] }],
])("what input refuses but is of the right kinds is read as it is: %s", (_what, json, devices) => {
  expect(decoded(json)).toEqual(devices);
});

test.each([
  ["it", null],
  ["it", []],
  ["gpus", { cpu: null }],
  ["gpus", { cpu: null, gpus: 0 }],
  ["gpus", { cpu: null, gpus: {} }],
  ["gpus.1", { cpu: null, gpus: [gpuJson, 5] }],
  ["gpus.0.name", { cpu: null, gpus: [{ ...gpuJson, name: 5 }] }],
  ["gpus.0.index", { cpu: null, gpus: [{ name: "a", vram_gb: 1 }] }],
  ["gpus.0.index", { cpu: null, gpus: [{ id: "card0", name: "a", vram_gb: 1 }] }],
  ["gpus.0.vram_gb", { cpu: null, gpus: [{ ...gpuJson, vram_gb: 4_294_967_296 }] }],
  ["cpu", { cpu: 5, gpus: [] }],
  ["cpu.cores", { cpu: { cores: "8", ram_gb: 1 }, gpus: [] }],
  ["cpu.ram_gb", { cpu: { cores: 8, ram_gb: -1 }, gpus: [] }],
])("the error says where the wrong kind is: %s", (path, json) => {
  expect(() => decoded(json)).toThrow(new RegExp(`^${path.replaceAll(".", "\\.")}: must be `));
});
