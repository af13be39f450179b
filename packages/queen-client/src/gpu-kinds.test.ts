import { expect, test } from "vitest";
import { gpuKinds } from "./gpu-kinds.ts";

const GB = 2 ** 30;

test("GPUs of one kind are said once, without the maker, and with their memory where the name has none", () => {
  const gpu = (name: string | null, gb: number | null) => ({ name, total_bytes: gb && gb * GB });
  expect(gpuKinds(Array.from({ length: 8 }, () => gpu("NVIDIA H100 80GB HBM3", 80)))).toEqual(["8 × H100 80GB"]);
  expect(gpuKinds([gpu("NVIDIA GeForce RTX 4090", 24), gpu("NVIDIA L4", 24)])).toEqual(["RTX 4090 24GB", "L4 24GB"]);
  expect(gpuKinds([gpu("NVIDIA A100-SXM4-40GB", 40)])).toEqual(["A100-40GB"]);
  expect(gpuKinds([gpu("NVIDIA \u202eT4", 16)])).toEqual(["T4 16GB"]);
  expect(gpuKinds([gpu(null, null)])).toEqual(["GPU"]);
  expect(gpuKinds([])).toEqual([]);
});
