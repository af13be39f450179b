import { expect, test } from "vitest";
import { parseNvidiaCsv } from "./nvidia.ts";

test("reads index, name and memory, with MiB rounded to GB", () => {
  expect(parseNvidiaCsv("0, NVIDIA GeForce RTX 4090, 24564\n1, NVIDIA H100 80GB HBM3, 81559\n")).toEqual({
    gpus: [
      { index: 0, name: "NVIDIA GeForce RTX 4090", vramGb: 24 },
      { index: 1, name: "NVIDIA H100 80GB HBM3", vramGb: 80 },
    ],
  });
});

test("takes a name with commas, other spaces and Windows line ends", () => {
  expect(parseNvidiaCsv("3,Board, rev 2 , big,8192\r\n\r\n").gpus).toEqual([
    { index: 3, name: "Board, rev 2 , big", vramGb: 8 },
  ]);
});

test("no lines are no GPUs and no problem", () => {
  expect(parseNvidiaCsv("\n")).toEqual({ gpus: [] });
});

test("leaves out a GPU that cannot be read, names it, and keeps the others", () => {
  const { gpus, problem } = parseNvidiaCsv("0, NVIDIA A100, 40960\n1, NVIDIA GB10, [N/A]\n");
  expect(gpus).toEqual([{ index: 0, name: "NVIDIA A100", vramGb: 40 }]);
  expect(problem).toBe('nvidia-smi wrote a line that is no GPU: "1, NVIDIA GB10, [N/A]"');
});

test("an index that is there twice makes the whole answer useless", () => {
  expect(parseNvidiaCsv("0, A, 1024\n0, B, 1024\n")).toEqual({
    gpus: [],
    problem: "nvidia-smi's answer cannot be used: GPU indexes must be unique, but 0 is there twice",
  });
});

test("more GPUs than a host can have make the answer useless", () => {
  const lines = Array.from({ length: 1_025 }, (_, index) => `${index}, A, 1024`).join("\n");
  const { gpus, problem } = parseNvidiaCsv(lines);
  expect(gpus).toEqual([]);
  expect(problem).toContain("1024");
});

test.each(["-1, A, 1024", "0, A", "0, , 1024", `0, ${"x".repeat(257)}, 1024`, "9999999999, A, 1024", "\u0000\u0001"])(
  "%j is no GPU",
  (line) => {
    expect(parseNvidiaCsv(line)).toEqual({ gpus: [], problem: expect.stringContaining("a line that is no GPU") });
  },
);
