import { expect, test } from "vitest";
import { checkModel } from "../model/run.ts";

const RUNS = 100;

test("two catalogs on one file, reopened and killed at random, do what a plain model does: 100 runs", async () => {
  const report = await checkModel({ runs: RUNS, seed: 1 });
  expect(report.runs).toBe(RUNS);
  expect(report.kills).toBeGreaterThan(5);
}, 120_000);
