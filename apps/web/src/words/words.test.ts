import { expect, test } from "vitest";
import { bytesText, durationText, momentText, shareText, timeText } from "./amounts.ts";
import { curlCommand, fleetCommand } from "./command.ts";
import { gpuTexts } from "./devices.ts";
import { FILTERS } from "./filters.ts";

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

test("a moment of today is a time, and one of another day has its date", () => {
  const noon = new Date(2026, 10, 29, 12, 0, 5).getTime();
  expect(momentText(noon, noon + 60_000)).toBe("12:00:05");
  const others = [noon + 86_400_000, new Date(2026, 11, 29, 12).getTime()];
  expect(others.map((nowMs) => momentText(noon, nowMs))).toEqual([timeText(noon), timeText(noon)]);
  expect(timeText(noon)).toBe("29 Nov, 12:00:05");
});

test("memory is said in the digits that one compares, and a share says its unit once", () => {
  expect([0, 1.5 * GB, 80 * GB, 2048 * GB].map(bytesText)).toEqual(["0 GB", "1.5 GB", "80 GB", "2.0 TB"]);
  expect(shareText(20 * GB, 80 * GB)).toBe("20 / 80 GB");
  expect(shareText(640 * GB, 2048 * GB)).toBe("640 GB / 2.0 TB");
});

test("GPUs are said by kind, and where there is none to say, why", () => {
  expect(gpuTexts([{ name: "NVIDIA GeForce RTX 4090", total_bytes: 24 * GB }])).toEqual(["RTX 4090 24GB"]);
  expect([gpuTexts([]), gpuTexts(null)]).toEqual([["no GPU"], ["not detected"]]);
});

const HERE = { root: "http://127.0.0.1:8500/", isLocked: false };

test("a command names the queen where hivectl would ask another, and the token where she asks for one", () => {
  const there = { root: "https://ops.example/hives/", isLocked: true };
  const bearer = 'curl -H "authorization: Bearer $QUEEN_TOKEN" ';
  expect(fleetCommand(there, new URLSearchParams())).toBe("pnpm -s hivectl --url https://ops.example/hives get hives");
  expect(fleetCommand(there, new URLSearchParams("text=a"))).toBe(
    `${bearer}'https://ops.example/hives/v1/fleet?text=a'`,
  );
  expect(curlCommand(there, "v1/hives", "-d '{}'")).toBe(`${bearer}-d '{}' https://ops.example/hives/v1/hives`);
  expect(curlCommand(HERE, "v1/hives")).toBe("curl http://127.0.0.1:8500/v1/hives");
});

test("the command at the foot asks for the same hives, and survives a shell", () => {
  const command = (query: string) => fleetCommand(HERE, new URLSearchParams(query));
  expect(command("")).toBe("pnpm -s hivectl get hives");
  expect(command("selector=env%3Dprod&gpu=24GB..:4&sort=-load&cols=id")).toBe(
    "pnpm -s hivectl get hives -l env=prod --gpu 24GB..:4",
  );
  expect(command("selector=!drained,zone in (a)&cordoned=true")).toBe(
    "pnpm -s hivectl get hives -l '!drained,zone in (a)' --cordoned",
  );
  for (const flag of ["cordoned", "on-probation", "unreachable", "not-beating"]) {
    const name = flag.replace("-", "_");
    expect(FILTERS).toHaveProperty(name);
    expect(command(`${name}=true`)).toBe(`pnpm -s hivectl get hives --${flag}`);
    expect(command(`${name}=false`)).toBe(`curl 'http://127.0.0.1:8500/v1/fleet?${name}=false'`);
  }
  expect(command("model=it's")).toBe(`pnpm -s hivectl get hives --model 'it'\\''s'`);
  expect(command("text=gpu 1&status=online&group_by=rack")).toBe(
    "curl 'http://127.0.0.1:8500/v1/fleet?text=gpu+1&status=online'",
  );
});
