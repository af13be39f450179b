import { expect, test } from "vitest";
import { bytesText, durationText, shareText } from "./amounts.ts";
import { fleetCommand } from "./command.ts";
import { gpuKinds } from "./devices.ts";

const GB = 2 ** 30;

test("a duration is said in one unit", () => {
  expect([900, 4000, 59_999, 60_000, 7_200_000, 259_200_000].map(durationText)).toEqual([
    "0 s",
    "4 s",
    "59 s",
    "1 min",
    "2 h",
    "3 d",
  ]);
});

test("memory is said in the digits that one compares, and a share says its unit once", () => {
  expect([0, 1.5 * GB, 80 * GB, 2048 * GB].map(bytesText)).toEqual(["0 GB", "1.5 GB", "80 GB", "2.0 TB"]);
  expect(shareText(20 * GB, 80 * GB)).toBe("20 / 80 GB");
  expect(shareText(640 * GB, 2048 * GB)).toBe("640 GB / 2.0 TB");
});

test("GPUs of one kind are said once, without the maker, and with their memory where the name has none", () => {
  const gpu = (name: string | null, gb: number | null) => ({ name, total_bytes: gb && gb * GB });
  expect(gpuKinds(Array.from({ length: 8 }, () => gpu("NVIDIA H100 80GB HBM3", 80)))).toEqual(["8 × H100 80GB"]);
  expect(gpuKinds([gpu("NVIDIA GeForce RTX 4090", 24), gpu("NVIDIA L4", 24)])).toEqual(["RTX 4090 24GB", "L4 24GB"]);
  expect(gpuKinds([gpu("NVIDIA A100-SXM4-40GB", 40)])).toEqual(["A100-40GB"]);
  expect(gpuKinds([gpu(null, null)])).toEqual(["GPU"]);
  expect([gpuKinds([]), gpuKinds(null)]).toEqual([["no GPU"], ["not detected"]]);
});

test("the command at the foot asks for the same hives, and survives a shell", () => {
  const command = (query: string) => fleetCommand(new URLSearchParams(query), "http://queen:8500/");
  expect(command("")).toBe("hivectl get hives");
  expect(command("selector=env%3Dprod&gpu=24GB..:4&sort=-load&cols=id")).toBe(
    "hivectl get hives -l env=prod --gpu 24GB..:4",
  );
  expect(command("selector=!drained,zone in (a)&cordoned=true")).toBe(
    "hivectl get hives -l '!drained,zone in (a)' --cordoned",
  );
  expect(command("model=it's")).toBe(`hivectl get hives --model 'it'\\''s'`);
  expect(command("text=gpu 1&status=online&group_by=rack")).toBe(
    "curl 'http://queen:8500/v1/fleet?text=gpu+1&status=online'",
  );
});
