import { chmodSync, copyFileSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { HiveCatalog } from "../../src/index.ts";
import { temporaryFolder } from "../../src/testing.ts";
import { startWorker, startWorkerAs } from "../processes.ts";

/** Nobody of this machine. */
const OTHER_UID = 54_321;
const HASH = "a".repeat(64);
const aToken = (id: string) => ({ id, name: id, role: "operator" as const, hash: HASH });

const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);

/** A new catalog of this user, in a folder of this user, that others may read. */
async function readableByAll(folder: string): Promise<string> {
  const path = join(folder, "shared", "hives.db");
  mkdirSync(join(folder, "shared"), { mode: 0o755 });
  writeFileSync(path, "", { mode: 0o644 });
  chmodSync(folder, 0o755);
  await (await HiveCatalog.open(path)).close();
  return path;
}

async function asOther(path: string) {
  // Makes the program that another user may run and not make.
  await using own = startWorker("other-user", ":memory:");
  await own.nextLine();
  const worker = startWorkerAs(OTHER_UID, "other-user", path);
  const opened = JSON.parse(await worker.nextLine());
  return {
    opened,
    ask: async (line: string) => JSON.parse(await worker.ask(line)),
    [Symbol.asyncDispose]: () => worker[Symbol.asyncDispose](),
  };
}

test("a new catalog, its folder and what stands beside it are for its user alone, whatever the umask", async () => {
  const before = process.umask(0);
  onTestFinished(() => void process.umask(before));
  await using folder = await temporaryFolder();
  const path = join(folder.path, "new", "deep", "hives.db");
  await using catalog = await HiveCatalog.open(path);
  await catalog.tokens.add(aToken("t"));
  expect(["", "-wal", "-shm"].map((suffix) => modeOf(path + suffix))).toEqual(["600", "600", "600"]);
  expect(["new", "new/deep"].map((name) => modeOf(join(folder.path, name)))).toEqual(["700", "700"]);
  expect(catalog.warnings).toEqual([]);
});

test("a catalog that others may use is opened with a warning, and so is one in a folder in which they may replace it", async () => {
  await using folder = await temporaryFolder();
  const path = await readableByAll(folder.path);
  {
    await using catalog = await HiveCatalog.open(path);
    expect(catalog.warnings).toEqual([expect.stringContaining(`(mode 644): chmod 600 ${path}`)]);
  }
  chmodSync(path, 0o600);
  chmodSync(join(folder.path, "shared"), 0o777);
  await using catalog = await HiveCatalog.open(path);
  expect(catalog.warnings).toEqual([expect.stringContaining(`(mode 777): chmod 700 ${join(folder.path, "shared")}`)]);
});

test("who may only read a catalog that is closed is refused, and told which right is missing", async () => {
  await using folder = await temporaryFolder();
  const closed = await readableByAll(folder.path);
  // The driver may hold what was closed open for a while.
  const path = `${closed}-copy`;
  copyFileSync(closed, path);
  await using other = await asOther(path);
  expect(other.opened).toEqual({
    code: "CATALOG_READ_ONLY",
    message: expect.stringContaining(`${path} cannot be written (EACCES)`),
  });
});

test("who may not even read a catalog is refused, and told which file it is", async () => {
  await using folder = await temporaryFolder();
  const path = await readableByAll(folder.path);
  chmodSync(path, 0o600);
  await using other = await asOther(path);
  expect(other.opened).toEqual({ code: "CATALOG_READ_ONLY", message: expect.stringContaining(`(EACCES: ${path})`) });
});

test("who may only read a catalog that its user has open sees a token revoked and another one made, and is refused changes", async () => {
  await using folder = await temporaryFolder();
  const path = await readableByAll(folder.path);
  await using catalog = await HiveCatalog.open(path);
  await catalog.tokens.add(aToken("old"));
  await using other = await asOther(path);
  const missing = `${path} cannot be written (EACCES)`;
  expect(other.opened).toEqual({ value: [expect.stringContaining(missing)] });
  expect(await other.ask("tokens")).toEqual({ value: ["old"] });
  await catalog.tokens.revoke("old");
  await catalog.tokens.add(aToken("new"));
  expect(await other.ask("tokens")).toEqual({ value: ["new"] });
  for (const change of ["add", "check"]) {
    expect(await other.ask(change)).toEqual({ code: "CATALOG_READ_ONLY", message: expect.stringContaining(missing) });
  }
});

test("who may write a file and not its folder is refused changes, and told so", async () => {
  await using folder = await temporaryFolder();
  const path = await readableByAll(folder.path);
  chmodSync(path, 0o666);
  await using catalog = await HiveCatalog.open(path);
  await catalog.countHives();
  await using other = await asOther(path);
  expect(other.opened).toEqual({
    value: [expect.stringContaining(`${join(folder.path, "shared")} cannot be written`)],
  });
  expect(await other.ask("add")).toMatchObject({ code: "CATALOG_READ_ONLY" });
  expect(await catalog.countHives()).toBe(0);
});

test("who reads a catalog under churn never finds it damaged", async () => {
  await using folder = await temporaryFolder();
  const path = await readableByAll(folder.path);
  await using catalog = await HiveCatalog.open(path);
  await using other = await asOther(path);
  for (let round = 1; round <= 40; round++) {
    await Promise.all(
      Array.from({ length: 25 }, (_, index) =>
        catalog.addHive({ id: `hive-${round}-${index}`, host: "h".repeat(60), port: 1 }),
      ),
    );
    expect(await other.ask("hives")).toEqual({ value: round * 25 });
  }
});
