import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { bundleOf } from "../../../../scripts/build/cache.js";
import { HiveCatalog } from "../../src/catalog.ts";
import { temporaryFolder } from "../../src/testing.ts";
import { readSql } from "../catalog-file.ts";

const [READER, WRITER, FAILING_READ] = await Promise.all(
  ["reader", "folding-writer", "failing-read"].map((name) =>
    bundleOf(fileURLToPath(new URL(`../workers/${name}.ts`, import.meta.url))),
  ),
);
const HIVES = 2000;
const AT_ONCE = 25;

type Fault = { file: string; call?: string; error?: string; when?: string };

/** Runs a program, and has the kernel fail those of its reads of a file that `when` says; how many it made and how many failed stand beside what it printed. */
function run(args: readonly string[], { file, call = "pread64", error: code = "EIO", when }: Fault) {
  const trace = `${file}.trace`;
  const inject = when === undefined ? [] : ["-e", `inject=${call}:error=${code}:when=${when}`];
  const strace = ["-f", "-qq", "-P", file, "-e", `trace=${call}`, ...inject, "-o", trace];
  const { status, stdout, stderr, error } = spawnSync("strace", [...strace, process.execPath, ...args], {
    encoding: "utf8",
    timeout: 50_000,
  });
  if (error) throw new Error(`this test needs strace, from the package of that name: ${error.message}`);
  expect(status, stderr).toBe(0);
  const reads = readFileSync(trace, "utf8").split("\n").slice(0, -1);
  return {
    printed: JSON.parse(stdout),
    reads: reads.length,
    failed: reads.filter((line) => line.includes("INJECTED")).length,
  };
}

test("a hive that the disk could not read just then is neither not there nor damaged", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "hives.db");
  const catalog = await HiveCatalog.open(path);
  const hives = Array.from({ length: HIVES }, (_, index) => ({ id: `hive-${index}`, host: "127.0.0.1", port: 8600 }));
  for (let added = 0; added < HIVES; added += AT_ONCE) await catalog.addHives(hives.slice(added, added + AT_ONCE));
  await catalog.close();
  const opening = run([READER ?? "", path], { file: path });
  const { printed, failed } = run([READER ?? "", path, String(HIVES)], { file: path, when: `${opening.reads + 1}+2` });
  expect(failed).toBeGreaterThan(0);
  expect(Object.keys(printed).toSorted()).toEqual(["CATALOG_UNAVAILABLE", "found"]);
}, 120_000);

test("what was acknowledged is there, and the file is sound, after reads of its -wal failed while that was folded into it", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "hives.db");
  const { printed, failed } = run([WRITER ?? "", path], { file: `${path}-wal`, when: "1+7" });
  expect(failed).toBeGreaterThan(0);
  expect(readSql(path, "PRAGMA integrity_check")).toEqual([["ok"]]);
  expect(readSql(path, "SELECT count(*) FROM hives")).toEqual([[printed]]);
}, 120_000);

test("a file of which only reading its -wal was possible when it was opened anew after a failed read takes changes again", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "t.db");
  // SQLite then tries to open it for reading alone.
  const fault = { file: `${path}-wal`, call: "openat", error: "EMFILE", when: "2" };
  const { printed, failed } = run([FAILING_READ ?? "", path], fault);
  expect(failed).toBe(1);
  expect(printed).toEqual(["CATALOG_READ_ONLY", "done", "done"]);
});
