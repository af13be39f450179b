import { execFile } from "node:child_process";
import { chmodSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { temporaryFolder } from "@repo/hive-catalog/testing";
import { expect, test } from "vitest";
import { bundleOf } from "../../../../scripts/build/cache.js";
import { ATTACKS } from "./attacks/attacks.ts";
import type { Outcome } from "./report.ts";

const HOSTILE = await bundleOf(fileURLToPath(new URL("./hostile.ts", import.meta.url)));
/** Long enough for a machine that is busy with other tests, and so short that a loss is found soon. */
const SHORT = ["--minutes", "0.07", "--hives", "20", "--stale-after-ms", "5000", "--seed", "5"];

/** What `pnpm soak --hostile --json` prints as JSON; that it fails may be for its times, of which nothing is asserted here. */
async function runSoak(args: readonly string[]): Promise<Outcome> {
  await using folder = await temporaryFolder();
  // Other users must be able to look into it, as into every temporary folder.
  chmodSync(folder.path, 0o755);
  const how = { timeout: 150_000, env: { ...process.env, TMPDIR: folder.path } };
  return await new Promise((resolve, reject) => {
    execFile(process.execPath, [HOSTILE, "--json", ...args], how, (_error, stdout, stderr) => {
      const json = stdout.split("\n").find((line) => line.startsWith("{"));
      if (json === undefined) reject(new Error(`it saw nothing: ${stdout}${stderr}`));
      else resolve(JSON.parse(json) as Outcome);
    });
  });
}

test("under all attacks at once no living hive is marked offline, each loss is found, and each answer is right", {
  timeout: 180_000,
}, async () => {
  const { beats, falseMarks, losses, lossesFound, attacks, sshAtOnce, problems } = await runSoak(SHORT);
  expect({ falseMarks, missed: losses - lossesFound }).toEqual({ falseMarks: 0, missed: 0 });
  expect(problems.filter((problem) => !/ms: not less than/.test(problem))).toEqual([]);
  expect(losses).toBeGreaterThan(0);
  expect(beats).toBeGreaterThan(100);
  expect(sshAtOnce).toBeGreaterThan(0);
  expect(Object.keys(attacks)).toEqual(Object.keys(ATTACKS));
  expect(Object.entries(attacks).filter(([, { made, wrong }]) => made === 0 || wrong > 0)).toEqual([]);
});
