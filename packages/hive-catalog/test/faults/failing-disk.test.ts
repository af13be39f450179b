import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { bundleOf } from "../../../../scripts/build/cache.js";
import { CatalogFile } from "../catalog-file.ts";
import { startWorker } from "../processes.ts";

const WORKER = await bundleOf(fileURLToPath(new URL("../workers/unsynced.ts", import.meta.url)));
/** Of the -wal: the first change syncs its header, and then itself. */
const FAILING = "inject=fsync:error=EIO:when=3+";

test("of a change that the disk does not sync it is said that it may have been made: it is there after a crash", async () => {
  await using file = await CatalogFile.create();
  await addHive(file.path, "hive-1");
  const strace = [
    "-f",
    "-qq",
    "-o",
    `${file.path}.trace`,
    "-P",
    `${file.path}-wal`,
    "-e",
    "trace=fsync",
    "-e",
    FAILING,
  ];
  const { stdout, error } = spawnSync("strace", [...strace, process.execPath, WORKER, file.path], {
    encoding: "utf8",
    timeout: 50_000,
  });
  if (error) throw new Error(`this test needs strace, from the package of that name: ${error.message}`);
  const problem = "the disk failed while the change was stored; whether the change was made is not known";
  expect(stdout.trimEnd().split("\n")).toEqual([
    `CATALOG_UNAVAILABLE ${problem}`,
    `CATALOG_OUTCOME_UNKNOWN ${problem}: read it, then decide`,
  ]);
  expect(file.read("SELECT id, port FROM hives")).toEqual([["hive-1", 7]]);
});

/** In a process that is gone then: while one has the file open, even if closed, nobody looks for what a crash left in its -wal. */
async function addHive(path: string, id: string): Promise<void> {
  await using opener = startWorker("opener", id);
  await opener.nextLine();
  opener.send(path);
  await opener.nextLine();
}
