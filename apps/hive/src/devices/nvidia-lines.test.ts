import fc from "fast-check";
import { expect, test } from "vitest";
import { COLUMNS, parseNvidiaLines } from "./nvidia-lines.ts";

const GIB = 2 ** 30;
const MIB = 2 ** 20;
const UUID = "GPU-7ad8cd31-c9ae-1f5d-9d2a-cbcb4a7b8d7c";
const further = `${UUID}, 00000000:4E:00.0, 8704, 37, 61, 231.50`;

test("reads all that one line tells", () => {
  expect(parseNvidiaLines(`0, NVIDIA H100 80GB HBM3, 81559, ${further}\n`)).toEqual({
    gpus: [
      {
        index: 0,
        name: "NVIDIA H100 80GB HBM3",
        vendor: "nvidia",
        backend: "cuda",
        uuid: UUID,
        busId: "0000:4e:00.0",
        memoryTotalBytes: 81_559 * MIB,
        unified: false,
        memoryUsedBytes: 8704 * MIB,
        utilizationPercent: 37,
        temperatureCelsius: 61,
        powerWatts: 231.5,
      },
    ],
    others: [],
  });
});

test.each([
  "[N/A]",
  "N/A",
  "[Not Supported]",
  "[Insufficient Permissions]",
  "[Unknown Error]",
  "[GPU requires reset]",
  "ERR!",
  "Unknown",
  "",
  "-",
  "-3",
  "1e9",
  "GPU",
  "(none)",
])("%s in any field is null in that field alone", (unknown) => {
  const names = [
    "memoryTotalBytes",
    "uuid",
    "busId",
    "memoryUsedBytes",
    "utilizationPercent",
    "temperatureCelsius",
    "powerWatts",
  ];
  const line = `0, NVIDIA L4, 23034, ${further}`;
  const [sound] = parseNvidiaLines(line).gpus;
  for (const [position, name] of names.entries()) {
    const cells = line.split(", ").with(position + 2, unknown);
    expect(parseNvidiaLines(cells.join(", ")).gpus).toEqual([{ ...sound, [name]: null }]);
  }
});

test.each(["[N/A]", "[Unknown Error]", "-", ""])("of a name that is unknown (%j) the GPU stays", (unknown) => {
  expect(parseNvidiaLines(`0, ${unknown}, 23034, ${further}`).gpus).toMatchObject([
    { name: "NVIDIA GPU", memoryTotalBytes: 23_034 * MIB, uuid: UUID, powerWatts: 231.5 },
  ]);
});

test("memory whose thousands are grouped is not known", () => {
  expect(parseNvidiaLines(`0, NVIDIA L4, 81.250, ${further}`).gpus).toMatchObject([{ memoryTotalBytes: null }]);
});

test("every field may be unknown at once, and a name with commas stays whole beside them", () => {
  const nothing = { memoryTotalBytes: null, uuid: null, busId: null, memoryUsedBytes: null, powerWatts: null };
  expect(parseNvidiaLines("7, Board, rev 2,,,,,,,\n8,,,,,,,,").gpus).toMatchObject([
    { index: 7, name: "Board, rev 2", ...nothing },
    { index: 8, name: "NVIDIA GPU", ...nothing },
  ]);
});

test("a name may hold commas, with and without what follows the memory", () => {
  for (const end of ["", `, ${further}`]) {
    expect(parseNvidiaLines(`3,Board, rev 2 , big,8192${end}\r\n\r\n`).gpus).toMatchObject([
      { index: 3, name: "Board, rev 2 , big", memoryTotalBytes: 8 * GIB },
    ]);
  }
});

test.each(["81.559", "0", "999999999999999"])("a memory of %s MiB is not known", (memory) => {
  expect(parseNvidiaLines(`0, NVIDIA L4, ${memory}, ${further}`).gpus).toMatchObject([{ memoryTotalBytes: null }]);
});

test("a line that is cut off behind its memory, beside whole ones, is no GPU", () => {
  const { gpus, others } = parseNvidiaLines(`0, NVIDIA L4, 23034, ${further}\n1, NVIDIA L4, 230`);
  expect([gpus.length, others]).toEqual([1, ["1, NVIDIA L4, 230"]]);
});

test("what describes no GPU is told apart, and of one index the first counts", () => {
  const { gpus, others } = parseNvidiaLines("WARNING: x\n0, A, 1024\n0, B, 1024\nUnable, to, tell\n");
  expect(gpus).toMatchObject([{ index: 0, name: "A" }]);
  expect(others).toEqual(["WARNING: x", "0, B, 1024", "Unable, to, tell"]);
});

test("a host has no more than 1024 GPUs, and a name no more than 256 characters", () => {
  const lines = Array.from({ length: 1025 }, (_, index) => `${index}, ${"x".repeat(257)}, 1024`);
  const { gpus } = parseNvidiaLines(lines.join("\n"));
  expect(gpus).toHaveLength(1024);
  expect(gpus[0]?.name).toBe("x".repeat(256));
});

test.each([
  "-1, A, 1024",
  "0, A",
  "0, , ",
  "99999999, A, 1024",
  "12, monkeys, jumped",
  "0, NVIDIA L4, 23034, GPU-7ad8",
  "\u0000\u0001",
  "No devices were found",
])("%j is no GPU", (line) => {
  expect(parseNvidiaLines(line)).toEqual({ gpus: [], others: [line.trim()] });
});

test("whatever is written, nothing throws, no GPU is invented, and no number is out of range", () => {
  const cell = fc.oneof(
    fc.string({ maxLength: 9 }),
    fc.constantFrom("0", "1", "[N/A]", "1024", "1e9", "-1", UUID, "0000:01:00.0"),
  );
  const line = fc.array(cell, { maxLength: COLUMNS.length + 2 }).map((cells) => cells.join(", "));
  fc.assert(
    fc.property(fc.array(line, { maxLength: 5 }), (lines) => {
      const text = lines.join("\n");
      const { gpus } = parseNvidiaLines(text);
      expect(gpus.length).toBeLessThanOrEqual(lines.flatMap((line) => line.split("\n")).length);
      for (const { index, name, memoryTotalBytes } of gpus) {
        expect(text).toMatch(new RegExp(`(^|\\n)\\s*0*${index}\\s*,`));
        expect(name).toMatch(/\S/);
        expect(memoryTotalBytes ?? 0).toBeGreaterThanOrEqual(0);
      }
    }),
    { numRuns: 5000 },
  );
});
