import { expect, test } from "vitest";
import { DeviceCapabilities, DeviceCapabilitiesJson, DeviceReportJson, StrictDeviceCapabilitiesJson } from "./index.ts";

const DEVICES = { cpu: { cores: 8, ramGb: 32 }, gpus: [{ index: 0, name: "RTX 3060", vramGb: 12 }] };
const JSON_FORM = { cpu: { cores: 8, ram_gb: 32 }, gpus: [{ index: 0, name: "RTX 3060", vram_gb: 12 }] };
const ancestorGpu = (id: unknown) => ({ id, name: "RTX 3060", vram_gb: 12 });

const CODECS = [
  ["DeviceCapabilitiesJson", DeviceCapabilitiesJson],
  ["StrictDeviceCapabilitiesJson", StrictDeviceCapabilitiesJson],
] as const;

test.each(CODECS)("%s decodes and encodes", (_name, codec) => {
  expect(codec.decode(JSON_FORM)).toEqual(DEVICES);
  expect(codec.encode(DEVICES)).toEqual(JSON_FORM);
});

test.each(CODECS)("%s takes no CPU and no GPUs both ways", (_name, codec) => {
  const bare = { cpu: null, gpus: [] };
  expect(codec.decode(bare)).toEqual(bare);
  expect(codec.encode(bare)).toEqual(bare);
});

test.each(CODECS)("%s takes what could not be read both ways", (_name, codec) => {
  const unread = { cpu: null, gpus: null };
  expect(codec.decode(unread)).toEqual(unread);
  expect(codec.encode(unread)).toEqual(unread);
});

test.each(CODECS)("%s keeps no half of a character in a name", (_name, codec) => {
  const [gpu] =
    codec.decode({ cpu: null, gpus: [{ index: 0, name: "a\ud83d", vram_gb: 1, vendor: "\ude00b" }] }).gpus ?? [];
  expect(gpu).toMatchObject({ name: "a\ufffd", vendor: "\ufffdb" });
});

const FURTHER = { uuid: "GPU-5a2e", vendor: "nvidia", backend: "cuda", unified: true };

test.each(CODECS)("%s keeps what else is said of a GPU, in one order", (_name, codec) => {
  const common = { index: 0, name: "RTX 3060" };
  for (const further of [{ backend: "cuda" }, { unified: false }, FURTHER]) {
    const json = { cpu: null, gpus: [{ ...common, vram_gb: null, ...further }] };
    const decoded = codec.decode(json);
    expect(decoded.gpus).toEqual([{ ...common, vramGb: null, ...further }]);
    expect(JSON.stringify(codec.encode(decoded))).toBe(JSON.stringify(json));
  }
});

test.each(Object.keys(FURTHER))(
  "the %s that a host reports and is none is left out, of a person it is an error",
  (field) => {
    for (const value of [5, "", null, {}, "x".repeat(257)]) {
      const odd = { cpu: null, gpus: [{ ...JSON_FORM.gpus[0], [field]: value }] };
      expect(DeviceCapabilitiesJson.parse(odd).gpus).toEqual(DEVICES.gpus);
      const { error } = StrictDeviceCapabilitiesJson.safeParse(odd);
      expect(error?.issues.map(({ path }) => path.join("."))).toEqual([`gpus.0.${field}`]);
    }
  },
);

test("a report tells what could not be read, and nothing where all could", () => {
  const problems = ["nvidia-smi is not installed"];
  const report = { cpu: null, gpus: null, problems };
  expect(DeviceReportJson.encode(report)).toEqual(report);
  expect(DeviceReportJson.decode(report)).toEqual(report);
  expect(JSON.stringify(DeviceReportJson.encode({ ...DEVICES, problems: [] }))).toBe(JSON.stringify(JSON_FORM));
  expect(DeviceReportJson.decode(JSON_FORM)).toEqual({ ...DEVICES, problems: [] });
});

test.each([
  [null, []],
  ["none", []],
  [{}, []],
  [
    ["a", 5, null, "b"],
    ["a", "b"],
  ],
  [Array.from({ length: 17 }, () => "x".repeat(257)), Array.from({ length: 16 }, () => "x".repeat(256))],
])("of problems that a host reports, what can be used is kept: %j", (problems, kept) => {
  expect(DeviceReportJson.parse({ ...JSON_FORM, problems })).toEqual({ ...DEVICES, problems: kept });
});

test.each(CODECS)("%s encodes the form of the specification, key by key", (_name, codec) => {
  expect(JSON.stringify(codec.encode(DEVICES))).toBe(
    '{"cpu":{"cores":8,"ram_gb":32},"gpus":[{"index":0,"name":"RTX 3060","vram_gb":12}]}',
  );
});

test.each(CODECS)(
  "%s accepts what DeviceCapabilities accepts, no more: bounds and unique indexes hold both ways",
  (_name, codec) => {
    const [gpu] = DEVICES.gpus;
    const [jsonGpu] = JSON_FORM.gpus;
    const badJson: unknown[] = [
      { cpu: { cores: 0, ram_gb: 1 }, gpus: [] },
      { cpu: { cores: 1, ram_gb: -1 }, gpus: [] },
      { cpu: { cores: 1, ramGb: 1 }, gpus: [] },
      { cpu: null },
      { cpu: null, gpus: [{ ...jsonGpu, vram_gb: 1.5 }] },
      { cpu: null, gpus: [{ index: 0, name: "RTX 3060" }] },
      { cpu: null, gpus: [{ ...jsonGpu, name: "" }] },
      { cpu: null, gpus: [{ ...jsonGpu, index: "0" }] },
      { cpu: null, gpus: [jsonGpu, jsonGpu] },
      { cpu: null, gpus: Array.from({ length: 1025 }, (_, index) => ({ ...jsonGpu, index })) },
      null,
      [],
      "none",
    ];
    for (const bad of badJson) expect(codec.safeParse(bad).success, JSON.stringify(bad)).toBe(false);
    const badDevices = [
      { cpu: { cores: 0, ramGb: 1 }, gpus: [] },
      { cpu: null, gpus: [{ index: -1, name: "a", vramGb: 1 }] },
      { cpu: null, gpus: [gpu, gpu] },
    ];
    for (const bad of badDevices) {
      expect(DeviceCapabilities.safeParse(bad).success, JSON.stringify(bad)).toBe(false);
      expect(codec.safeEncode(bad as typeof DEVICES).success, JSON.stringify(bad)).toBe(false);
    }
  },
);

test("the ancestor's id takes the place of an index", () => {
  expect(DeviceCapabilitiesJson.parse({ cpu: null, gpus: ["gpu0", "gpu12", "gpu007"].map(ancestorGpu) }).gpus).toEqual([
    { index: 0, name: "RTX 3060", vramGb: 12 },
    { index: 12, name: "RTX 3060", vramGb: 12 },
    { index: 7, name: "RTX 3060", vramGb: 12 },
  ]);
});

test("an index wins over an ancestor's id beside it", () => {
  const gpu = { ...ancestorGpu("gpu9"), index: 1 };
  expect(DeviceCapabilitiesJson.parse({ cpu: null, gpus: [gpu] }).gpus?.[0]?.index).toBe(1);
});

test.each(["GPU0", "gpu", "gpu-1", "gpu1.5", "0", "cuda:0", "gpu99999999999", "gpu0 ", 0, null])(
  "the ancestor's id %j is refused",
  (id) => {
    expect(DeviceCapabilitiesJson.safeParse({ cpu: null, gpus: [ancestorGpu(id)] }).success).toBe(false);
  },
);

test("a GPU with neither index nor id is refused, and the index is named", () => {
  const { error } = DeviceCapabilitiesJson.safeParse({ cpu: null, gpus: [{ name: "a", vram_gb: 1 }] });
  expect(error?.issues.map(({ path }) => path.join("."))).toEqual(["gpus.0.index"]);
});

test("an index and an ancestor's id that name one GPU twice are refused", () => {
  const gpus = [{ index: 3, name: "a", vram_gb: 1 }, ancestorGpu("gpu3")];
  const { error } = DeviceCapabilitiesJson.safeParse({ cpu: null, gpus });
  expect(error?.issues.map(({ path }) => path.join("."))).toEqual(["gpus.1.index"]);
});

test("what a hive reports may carry more, which is ignored, and may leave the CPU out", () => {
  const report = {
    gpus: [{ ...JSON_FORM.gpus[0], models: ["llama"], temperature: 60 }],
    models: [],
    workers: [{}],
  };
  expect(DeviceCapabilitiesJson.parse(report)).toEqual({ ...DEVICES, cpu: null });
  expect(DeviceCapabilitiesJson.parse({ ...report, cpu: { cores: 8, ram_gb: 32, model: "x" } })).toEqual(DEVICES);
});

test.each([
  [{ ...JSON_FORM, workers: [] }, "workers"],
  [{ ...JSON_FORM, cpu: { cores: 8, ram_gb: 32, model: "x" } }, "model"],
  [{ ...JSON_FORM, gpus: [{ ...JSON_FORM.gpus[0], id: "gpu0" }] }, "id"],
])("the strict form refuses %j: an unknown key is an error", (value, key) => {
  const { error } = StrictDeviceCapabilitiesJson.safeParse(value);
  expect(error?.issues).toMatchObject([{ code: "unrecognized_keys", keys: [key] }]);
});

test("the strict form asks for both keys, and for an index", () => {
  expect(StrictDeviceCapabilitiesJson.safeParse({ gpus: [] }).success).toBe(false);
  expect(StrictDeviceCapabilitiesJson.safeParse({ cpu: null }).success).toBe(false);
  expect(StrictDeviceCapabilitiesJson.safeParse({ cpu: null, gpus: [ancestorGpu("gpu0")] }).success).toBe(false);
});
