import { spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { bundleOf } from "../../../../scripts/build/cache.js";
import { CatalogFile, readSql } from "../catalog-file.ts";

const CATALOG = await bundleOf(fileURLToPath(new URL("../../scripts/catalog.ts", import.meta.url)));
const WORKER = await bundleOf(fileURLToPath(new URL("../workers/failing-disk.ts", import.meta.url)));

const NEXT_YEAR = new Date(Date.now() + 365 * 86_400_000);

/** Runs Node where some calls of the system fail. */
function runFailing(faults: readonly string[], args: readonly string[]) {
  // Ended by itself, and not with strace: that would leave it running.
  const program = ["timeout", "--signal=KILL", "30", process.execPath, ...args];
  // strace counts the calls of each thread by themselves: in one they are counted in their order.
  const env = { ...process.env, UV_THREADPOOL_SIZE: "1" };
  const ended = spawnSync("strace", ["-f", "-qq", "-o", "/dev/null", ...faults, ...program], { encoding: "utf8", env });
  if (ended.error) throw new Error(`this test needs strace, from the package of that name: ${ended.error.message}`);
  return ended;
}

test("of a change that the disk does not sync it is said that it may have been made: it is there after a crash", async () => {
  await using file = await CatalogFile.create();
  await addHive(file.path, "hive-1");
  // The first change syncs the header of the -wal, and then itself.
  const failing = ["-P", `${file.path}-wal`, "-e", "trace=fsync", "-e", "inject=fsync:error=EIO:when=3+"];
  const { stdout } = runFailing(failing, [WORKER, file.path]);
  const problem = "the disk failed while the change was stored; whether the change was made is not known";
  expect(stdout.trimEnd().split("\n")).toEqual([
    "stored",
    `CATALOG_UNAVAILABLE ${problem}`,
    `CATALOG_OUTCOME_UNKNOWN ${problem}: read it, then decide`,
  ]);
  expect(file.read("SELECT id, port FROM hives")).toEqual([["hive-1", 7]]);
});

test("of a change after which the disk does not say whether its file is still there, the same is said", async () => {
  await using file = await CatalogFile.create();
  await addHive(file.path, "hive-1");
  const trace = `${file.path}.trace`;
  writeFileSync(trace, "");
  // A file is looked at before each change as long as its folder is new: with all names made, this one stays that, however slow the machine.
  await using _open = await file.open();
  utimesSync(dirname(file.path), NEXT_YEAR, NEXT_YEAR);
  const looks = ["-P", file.path, "-e", "trace=statx", "-o", trace];
  runFailing(looks, [WORKER, file.path, "0"]);
  const opening = readFileSync(trace, "utf8").match(/statx\(/g)?.length ?? 0;
  // A change looks at the file before it is committed and after that; one that was refused looks once more.
  const failing = [...looks, "-e", `inject=statx:error=EIO:when=${opening + 2}+3`];
  const { stdout } = runFailing(failing, [WORKER, file.path]);
  const problem = expect.stringContaining("whether the change was made is not known");
  const told = stdout
    .trimEnd()
    .split("\n")
    .map((line) => [line.slice(0, line.indexOf(" ")), line]);
  expect(told).toEqual([
    ["CATALOG_UNAVAILABLE", problem],
    ["CATALOG_UNAVAILABLE", problem],
    ["CATALOG_OUTCOME_UNKNOWN", problem],
  ]);
  expect(file.read("SELECT id, port FROM hives")).toEqual([
    ["hive-1", 7],
    ["hive-2", 8600],
  ]);
});

test("a quota that is used up is among what is told of a write that fails", async () => {
  await using file = await CatalogFile.create();
  await addHive(file.path, "hive-1");
  const failing = ["-P", `${file.path}-wal`, "-e", "trace=pwrite64", "-e", "inject=pwrite64:error=EDQUOT"];
  const { stdout } = runFailing(failing, [WORKER, file.path]);
  const refusal = expect.stringMatching(/^CATALOG_UNAVAILABLE .*a quota is used up.*SQLITE_IOERR_WRITE/);
  expect(stdout.trimEnd().split("\n")).toEqual([refusal, refusal, refusal]);
});

test("a quota that is used up when a catalog is made is said, although Node has no name for it", async () => {
  await using file = await CatalogFile.create();
  const failing = ["-P", file.path, "-e", "trace=openat", "-e", "inject=openat:error=EDQUOT"];
  const { stderr } = runFailing(failing, [WORKER, file.path]);
  const [said] = /^HiveCatalogError: .*$/m.exec(stderr) ?? [];
  expect(said).toMatch(/there is no room left on the disk, or a quota is used up \(EDQUOT: /);
});

test("of a file that a disk fails to read it is not said alone that it is damaged: a backup in its place would lose what is in it", async () => {
  await using file = await CatalogFile.create();
  await addHive(file.path, "hive-1");
  const failing = ["-P", file.path, "-e", "trace=pread64", "-e", "inject=pread64:error=EIO:when=5+"];
  const { stderr } = runFailing(failing, [CATALOG, "info", "--database", file.path]);
  expect(stderr).toMatch(/the disk failed to read it: if pnpm catalog check finds that again/);
});

test("a copy whose own file cannot be removed when it fails comes to its end, and lets go of the catalog", async () => {
  await using file = await CatalogFile.create();
  const [source, target] = [`${file.path}.source`, file.path];
  await addHive(source, "source");
  await addHive(target, "target");
  const failing = ["-e", "trace=unlink", "-e", "inject=unlink:error=EROFS"];
  const { status, stderr } = runFailing(failing, [CATALOG, "backup", target, "--force", "--database", source]);
  expect(status, stderr).toBe(1);
  expect(stderr).toContain("SQLITE_IOERR_DELETE");
  expect(file.read("SELECT id FROM hives")).toEqual([["target"]]);
});

test("a catalog is not replaced whose last changes the disk does not let fold into it", async () => {
  await using file = await CatalogFile.create();
  const [source, target] = [`${file.path}.source`, file.path];
  await addHive(source, "source");
  await addHive(target, "hive-1");
  // Killed, it leaves what it changed in the -wal.
  runFailing(["-e", "trace=none"], [WORKER, target]);
  const failing = ["-P", target, "-e", "trace=pwrite64", "-e", "inject=pwrite64:error=EIO"];
  const { status, stderr } = runFailing(failing, [CATALOG, "backup", target, "--force", "--database", source]);
  expect(status, stderr).toBe(1);
  expect(stderr).toContain("SQLITE_IOERR_WRITE");
  expect(file.read("SELECT id FROM hives")).toEqual([["hive-1"], ["hive-2"]]);
});

test.each(["--force", "a new file"])(
  "of a backup (%s) whose folder is not synced once it has its name, it is said that it is there",
  async (how) => {
    await using file = await CatalogFile.create();
    const [source, target] = [file.path, join(mkdtempSync(join(dirname(file.path), "backups-")), "backup.db")];
    await addHive(source, "source");
    if (how === "--force") await addHive(target, "target");
    const force = how === "--force" ? [how] : [];
    // One that replaces another file is synced before that, too.
    const failing = [
      "-P",
      dirname(target),
      "-e",
      "trace=fsync",
      "-e",
      `inject=fsync:error=EIO:when=${1 + force.length}`,
    ];
    const { status, stderr } = runFailing(failing, [CATALOG, "backup", target, ...force, "--database", source]);
    expect(status, stderr).toBe(1);
    expect(stderr).toContain(`CATALOG_OUTCOME_UNKNOWN: ${target} is the new file`);
    expect(readSql(target, "SELECT id FROM hives")).toEqual([["source"]]);
  },
);

/** By a copy: while a process has the file open, even if closed, nobody looks for what a crash left in its -wal. */
async function addHive(path: string, id: string): Promise<void> {
  await using elsewhere = await CatalogFile.migrated();
  const catalog = await elsewhere.open();
  await catalog.addHive({ id, host: "127.0.0.1", port: 8600 });
  await catalog.close();
  copyFileSync(elsewhere.path, path);
}
