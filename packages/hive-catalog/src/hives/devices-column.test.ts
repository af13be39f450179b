import { DeviceCapabilitiesJson } from "@repo/device-types";
import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeDevices, encodeDevices } from "./devices-column.ts";

const count = fc.oneof(
  fc.integer({ min: -1, max: 3 }),
  fc.constantFrom(1_000_000, 1_000_001, 4_294_967_295, 4_294_967_296, 0.5, "1", null),
);
const name = fc.oneof(
  fc.string({ maxLength: 8 }),
  fc.constantFrom("x".repeat(128), "x".repeat(129), "x".repeat(257), 1),
);
const gpu = fc.oneof(
  fc.record({ index: count, name, vram_gb: count }),
  fc.record({ id: fc.constantFrom("gpu0", "gpu1", "0"), name, vram_gb: count }),
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

test("what is read by hand and what zod reads are the same, and so is what both refuse", () => {
  fc.assert(
    fc.property(anyJson, (json) => {
      const expected = DeviceCapabilitiesJson.safeParse(JSON.parse(JSON.stringify(json)));
      if (expected.success) expect(decodeDevices(JSON.stringify(json))).toEqual(expected.data);
      else expect(() => decodeDevices(JSON.stringify(json))).toThrow();
    }),
    { numRuns: 5_000 },
  );
});

test("what is written is read again", () => {
  const sound = fc.record({
    cpu: fc.option(fc.record({ cores: fc.integer({ min: 1 }), ramGb: fc.nat() })),
    gpus: fc.uniqueArray(fc.record({ index: fc.nat(2000), name: fc.string({ minLength: 1 }), vramGb: fc.nat() }), {
      selector: ({ index }) => index,
    }),
  });
  fc.assert(
    fc.property(sound, (devices) => {
      expect(decodeDevices(encodeDevices(devices) ?? "")).toEqual(devices);
    }),
  );
});
