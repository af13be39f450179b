import { expect, test } from "vitest";
import { CpuDevice, DeviceCapabilities, DeviceReport, GpuDevice } from "./index.ts";

const U32_MAX = 4_294_967_295;
const gpu = { index: 0, name: "NVIDIA RTX 4090", vramGb: 24 };
const NO_INTEGERS = [-1, 0.5, U32_MAX + 1, Number.NaN, Number.POSITIVE_INFINITY, "8", null, undefined, true];

/** The paths of what is wrong. */
function problemsOf(
  schema: { safeParse: typeof DeviceCapabilities.safeParse } | typeof CpuDevice | typeof GpuDevice,
  value: unknown,
) {
  return schema.safeParse(value).error?.issues.map(({ path }) => path.join("."));
}

test("the bounds of a CPU themselves are taken", () => {
  for (const cpu of [
    { cores: 1, ramGb: 0 },
    { cores: U32_MAX, ramGb: U32_MAX },
  ]) {
    expect(CpuDevice.parse(cpu)).toEqual(cpu);
  }
});

test.each([0, ...NO_INTEGERS])("a CPU with %j cores is refused", (cores) => {
  expect(problemsOf(CpuDevice, { cores, ramGb: 1 })).toEqual(["cores"]);
});

test.each(NO_INTEGERS)("a CPU with %j GB of RAM is refused", (ramGb) => {
  expect(problemsOf(CpuDevice, { cores: 1, ramGb })).toEqual(["ramGb"]);
});

test("the bounds of a GPU themselves are taken", () => {
  for (const bound of [
    { index: 0, name: "x", vramGb: 0 },
    { index: U32_MAX, name: "x".repeat(256), vramGb: U32_MAX },
  ]) {
    expect(GpuDevice.parse(bound)).toEqual(bound);
  }
});

test.each(NO_INTEGERS)("a GPU with the index %j is refused", (index) => {
  expect(problemsOf(GpuDevice, { ...gpu, index })).toEqual(["index"]);
});

test.each(NO_INTEGERS.filter((value) => value !== null))("a GPU with %j GB of VRAM is refused", (vramGb) => {
  expect(problemsOf(GpuDevice, { ...gpu, vramGb })).toEqual(["vramGb"]);
});

test.each(["", "x".repeat(257), 5, null, undefined])("a GPU with the name %j is refused", (name) => {
  expect(problemsOf(GpuDevice, { ...gpu, name })).toEqual(["name"]);
});

test.each([[[]], [null]])(
  "a host may have a CPU that could not be read, and no GPUs, or ones that could not be read: %j",
  (gpus) => {
    expect(DeviceCapabilities.parse({ cpu: null, gpus })).toEqual({ cpu: null, gpus });
  },
);

test("a GPU may say who made it, what drives it, what it is called, and that it works in the memory of its host", () => {
  const told = { ...gpu, vramGb: null, uuid: "GPU-5a2e", vendor: "nvidia", backend: "cuda", unified: true };
  expect(GpuDevice.parse(told)).toEqual(told);
});

test.each(["uuid", "vendor", "backend"])("a GPU whose %s is no name is refused", (field) => {
  for (const value of ["", "x".repeat(257), 5, null]) {
    expect(problemsOf(GpuDevice, { ...gpu, [field]: value })).toEqual([field]);
  }
});

test.each(["true", 1, null])("whether the memory of a GPU is its host's cannot be %j", (unified) => {
  expect(problemsOf(GpuDevice, { ...gpu, unified })).toEqual(["unified"]);
});

test.each([
  [{ gpus: [] }, "cpu"],
  [{ cpu: null }, "gpus"],
  [{ cpu: null, gpus: {} }, "gpus"],
  [{ cpu: null, gpus: [null] }, "gpus.0"],
  [null, ""],
  ["none", ""],
])("%j are no device capabilities", (value, field) => {
  expect(problemsOf(DeviceCapabilities, value)).toEqual([field]);
});

test("of what a host could not read, 16 sentences of 256 characters are kept", () => {
  const problemsIn = (problems: string[]) => DeviceReport.parse({ cpu: null, gpus: null, problems }).problems;
  expect(problemsIn(Array.from({ length: 17 }, (_, number) => `${number}`))).toHaveLength(16);
  expect(problemsIn(["x".repeat(257), `${"x".repeat(255)}😀`])).toEqual(["x".repeat(256), "x".repeat(255)]);
});

test("1024 GPUs are taken, 1025 are refused", () => {
  const gpus = Array.from({ length: 1025 }, (_, index) => ({ ...gpu, index }));
  expect(DeviceCapabilities.parse({ cpu: null, gpus: gpus.slice(1) }).gpus).toHaveLength(1024);
  expect(problemsOf(DeviceCapabilities, { cpu: null, gpus })).toEqual(["gpus"]);
});

test("indexes need not be in order or without gaps, but each is there once", () => {
  const gpus = [7, 0, 3].map((index) => ({ ...gpu, index }));
  expect(DeviceCapabilities.parse({ cpu: null, gpus }).gpus).toEqual(gpus);
});

test("every GPU whose index an earlier one has is named", () => {
  const gpus = [2, 1, 2, 1, 2].map((index) => ({ ...gpu, index }));
  expect(problemsOf(DeviceCapabilities, { cpu: null, gpus })).toEqual(["gpus.2.index", "gpus.3.index", "gpus.4.index"]);
});
