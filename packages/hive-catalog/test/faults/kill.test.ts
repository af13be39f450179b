import { expect, test } from "vitest";
import { CatalogFile } from "../catalog-file.ts";
import { killRepeatedly } from "./killing.ts";

const KILLS = 10;

test("SIGKILL at random moments under mixed load with group commit: the file is sound, and every acknowledged change is there", async () => {
  await using file = await CatalogFile.create();
  const report = await killRepeatedly(file, { kills: KILLS, seed: 1 });
  expect(report.lost).toEqual([]);
  expect(report.kills).toBe(KILLS);
  expect(report.acknowledged).toBeGreaterThan(KILLS);
  expect(report.groups).toBeGreaterThan(KILLS);
}, 60_000);
