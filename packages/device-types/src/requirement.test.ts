import fc from "fast-check";
import { expect, test } from "vitest";
import { CoresRequirement, type DeviceCapabilities, GpuRequirement, SizeRequirement } from "./index.ts";

type Gpu = NonNullable<DeviceCapabilities["gpus"]>[number];

const gpu = (name: string, vramGb: number | null, further: Partial<Gpu> = {}): Gpu => ({
  index: 0,
  name,
  vramGb,
  ...further,
});
const host = (...gpus: Gpu[]): DeviceCapabilities => ({
  cpu: { cores: 32, ramGb: 256 },
  gpus: gpus.map((one, index) => ({ ...one, index })),
});
const times = (count: number, one: Gpu) => Array.from({ length: count }, () => one);
const isMet = (requirement: string, devices: DeviceCapabilities | null) =>
  GpuRequirement.parse(requirement).matches(devices);

const RTX_4090 = gpu("NVIDIA GeForce RTX 4090", 24);
const H100 = gpu("NVIDIA H100 80GB HBM3", 80);
const MI300X = gpu("AMD Instinct MI300X", 192);

test.each([
  ["nvidia:24GB:2", host(RTX_4090, RTX_4090), true],
  ["nvidia:24GB:2", host(RTX_4090), false],
  ["24GB:2", host(RTX_4090, MI300X), true],
  ["nvidia:24GB:2", host(RTX_4090, MI300X), false],
  ["H100,A100:80GB:8", host(...times(8, H100)), true],
  ["H100,A100:80GB:8", host(...times(7, H100), RTX_4090), false],
  ["8..8", host(...times(9, H100)), false],
  ["8..8", host(...times(8, H100)), true],
  ["nvidia:40GB..80GB:1..4", host(H100), true],
  ["nvidia:40GB..79GB", host(H100), false],
  ["amd", host(MI300X), true],
  ["intel", host(MI300X), false],
  ["rtx4090", host(RTX_4090), true],
  ["RTX 4090", host(RTX_4090), true],
  ["rtx-4090", host(gpu("NVIDIA GeForce RTX 4090 D", 24)), true],
  ["rtx409", host(RTX_4090), false],
  ["tx4090", host(RTX_4090), false],
  ["GeForce RTX 4090", host(RTX_4090), true],
  ["nvidia:0..0", host(MI300X), true],
  ["nvidia:0..0", host(RTX_4090), false],
  ["0..0", host(), true],
  ["1", host(), false],
])("%s: of %j it is %s", (requirement, devices, expected) => {
  expect(isMet(requirement, devices)).toBe(expected);
});

test.each([
  ["24GB", 22, true],
  ["24GB", 21, false],
  ["48GB", 45, true],
  ["80GB", 72, true],
  ["80GB", 71, false],
  ["80GB", 64, false],
  ["..24GB", 24, true],
  ["..24GB", 25, false],
  ["24GB..24GB", 23, true],
  ["512MB", 0, false],
  ["0GB", 0, true],
])("%s is met by a GPU of %s GB: %s", (requirement, vramGb, expected) => {
  expect(isMet(requirement, host(gpu("A", vramGb)))).toBe(expected);
});

test("unknown devices meet nothing, and unknown memory no size", () => {
  for (const requirement of ["0..0", "1", "nvidia", "..24GB:0"]) {
    expect(isMet(requirement, null), requirement).toBe(false);
    expect(isMet(requirement, { cpu: null, gpus: null }), requirement).toBe(false);
  }
  expect(isMet("..1000GB", host(gpu("A", null)))).toBe(false);
  expect(isMet("0GB:0..0", host(gpu("A", null)))).toBe(true);
  expect(isMet("1", host(gpu("A", null)))).toBe(true);
});

test("a unified GPU counts with the RAM of its host", () => {
  const m3 = gpu("Apple M3 Ultra", null, { unified: true });
  expect(isMet("apple:192GB", host(m3))).toBe(true);
  expect(isMet("apple:512GB", host(m3))).toBe(false);
  expect(isMet("1GB", { ...host(m3), cpu: null })).toBe(false);
  expect(isMet("24GB", host(gpu("AMD Radeon 8060S", 8, { unified: true })))).toBe(true);
});

test("a vendor that the host said wins over the name", () => {
  expect(isMet("amd", host(gpu("Graphics Device", 16, { vendor: "AMD" })))).toBe(true);
  expect(isMet("nvidia", host({ ...RTX_4090, vendor: "Intel" }))).toBe(false);
});

test.each([
  ["256GB", 231, true],
  ["256GB", 230, false],
  ["0.25TB", 256, true],
  ["64GB..128GB", 129, false],
  ["..32GB", 32, true],
])("%s of RAM is met by %s GB: %s", (requirement, ramGb, expected) => {
  expect(SizeRequirement.parse(requirement).matches({ cpu: { cores: 1, ramGb } })).toBe(expected);
});

test.each([
  ["32", 32, true],
  ["32", 31, false],
  ["8..16", 17, false],
  ["..4", 4, true],
])("%s cores are met by %s: %s", (requirement, cores, expected) => {
  expect(CoresRequirement.parse(requirement).matches({ cpu: { cores, ramGb: 1 } })).toBe(expected);
});

test("an unknown CPU meets neither RAM nor cores", () => {
  for (const devices of [null, { cpu: null }]) {
    expect(SizeRequirement.parse("..1GB").matches(devices)).toBe(false);
    expect(CoresRequirement.parse("..1").matches(devices)).toBe(false);
  }
});

test.each([
  ["2 : 24 gb : NVIDIA", "nvidia:24GB:2"],
  ["H100 , a100", "a100,h100"],
  ["h100,H100", "h100"],
  ["RTX 4090", "rtx4090"],
  ["NVIDIA RTX 6000 Ada Generation", "rtx6000ada"],
  ["titan-x", "titan-x"],
  ["a 10 80 ti", "a10-80-ti"],
  ["1", "1"],
  ["1..", "1"],
  ["nvidia:1..", "nvidia"],
  ["..8", "0..8"],
  ["..24GB", "0GB..24GB"],
  ["1.5TB", "1536GB"],
  ["0.5gb", "512MB"],
  [" 8 .. 16 ", "8..16"],
])("the canonical form of '%s' is '%s'", (text, canonical) => {
  expect(String(GpuRequirement.parse(text))).toBe(canonical);
});

test.each([
  ["", "at character 1: expected a vendor, a name, a size or a count, got the end"],
  ["nvidia:", "at character 8: expected a vendor, a name, a size or a count, got the end"],
  ["nvidia: :2", "at character 9: expected a vendor, a name, a size or a count, got ':'"],
  [",h100", "at character 1: expected a vendor, a name, a size or a count, got ',h100'"],
  ["h100,,l4", "at character 6: expected a name of letters and digits, with a letter first, got ','"],
  ["h100,:2", "at character 6: expected a name of letters and digits, with a letter first, got ':'"],
  ["nvidia:amd", "at character 8: expected one vendor at most, got 'amd'"],
  ["2:3", "at character 3: expected one count at most, got '3'"],
  ["24", undefined],
  ["24G", "at character 1: expected a size such as 24GB, in MB, GB or TB, got '24G'"],
  ["nvidia:24GB..x", "at character 14: expected a size such as 24GB, in MB, GB or TB, got 'x'"],
  ["24..8", "at character 5: expected an end that is not below '24', got '8'"],
  ["1..2..3", "at character 5: expected one '..', got '..'"],
  ["..", "at character 1: expected an end of the range, got '..'"],
  ["-1", "at character 1: expected a vendor, a name, a size or a count, got '-1'"],
  ["1234567890", "at character 1: expected a number of at most 9 digits, got '1234567890'"],
  ["1024", undefined],
  ["0..1024", undefined],
  [
    "nvidia:4090",
    "at character 8: expected a count of at most 1024 (a name begins with a letter, such as rtx4090), got '4090'",
  ],
  [
    "1..1025",
    "at character 1: expected a count of at most 1024 (a name begins with a letter, such as rtx4090), got '1..1025'",
  ],
  ["nvidia:500MB..900MB", "at character 8: expected a range with a whole GB in it, got '500MB..900MB'"],
  ["..900MB", undefined],
  ["500MB..1GB", undefined],
  ["H100 80GB", "at character 6: expected ':' before a size, got '80GB'"],
  ["h100,", "at character 6: expected a name of letters and digits, with a letter first, got the end"],
  ["h100/a100", "at character 1: expected a name of letters and digits, with a letter first, got 'h100/a100'"],
  ["radeon", "at character 1: expected a model such as H100, or a vendor (nvidia, amd, intel, apple), got 'radeon'"],
  ["größe", "at character 1: expected a name of letters and digits, with a letter first, got 'größe'"],
  ["h".repeat(501), `at character 501: expected at most 500 characters, got 'h'`],
])("'%s' is refused: %s", (text, message) => {
  const parse = () => GpuRequirement.parse(text);
  if (message === undefined) expect(parse).not.toThrow();
  else expect(parse).toThrow(expect.objectContaining({ name: "GrammarError", message }));
});

const end = fc.oneof(fc.nat(20).map(String), fc.constant(""));
const range = (unit: fc.Arbitrary<string>) =>
  fc.oneof(fc.tuple(end, unit, end, unit), fc.tuple(end, unit)).map(([a, u, b, v]) => {
    const ends = [a && `${a}${u}`, b && `${b}${v ?? ""}`];
    return b === undefined ? `${ends[0]}` : `${ends[0]}..${ends[1]}`;
  });
const word = fc.oneof(
  fc.stringMatching(/^[a-zA-Z0-9]{1,6}$/),
  fc.constantFrom("RTX", "4090", "ddr", "5", "gb", "g", "80", "tesla", "nvlink", "sxm", "mi", "300x", "i", "b"),
);
const names = fc.array(
  fc.array(word, { minLength: 1, maxLength: 4 }).map((words) => words.join(" ")),
  {
    minLength: 1,
    maxLength: 3,
  },
);
const token = fc.oneof(
  fc.constantFrom("nvidia", "AMD", "intel", "apple"),
  range(fc.constant("")),
  range(fc.constantFrom("GB", "mb", " TB", ".5gb")),
  names.map((list) => list.join(",")),
);
const requirementText = fc.array(token, { minLength: 1, maxLength: 4 }).map((tokens) => tokens.join(":"));

test("what is parsed, printed and parsed again is the same, and its print stays", () => {
  const gpuNames = ["NVIDIA H100 80GB HBM3", "NVIDIA GeForce RTX 4090", "AMD Instinct MI300X", "A", "Apple M1 Max"];
  const someGpus = fc.array(fc.tuple(fc.constantFrom(...gpuNames), fc.option(fc.nat(100))), { maxLength: 4 });
  let parsed = 0;
  fc.assert(
    fc.property(requirementText, someGpus, (text, gpus) => {
      const first = parsedOrNot(text);
      if (first === undefined) return;
      parsed++;
      const again = GpuRequirement.parse(String(first));
      expect(String(again)).toBe(String(first));
      const devices = host(...gpus.map(([name, vramGb]) => gpu(name, vramGb)));
      expect(again.matches(devices)).toBe(first.matches(devices));
    }),
    { numRuns: 5_000 },
  );
  expect(parsed).toBeGreaterThan(1_000);
});

function parsedOrNot(text: string): GpuRequirement | undefined {
  try {
    return GpuRequirement.parse(text);
  } catch (error) {
    expect(error).toMatchObject({ name: "GrammarError" });
    return undefined;
  }
}
