import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { bundleOf } from "../../../../scripts/build/cache.js";
import { HiveCatalog } from "../../src/index.ts";
import { checkCatalog } from "../../src/maintenance.ts";
import { aHive, temporaryFolder } from "../../src/testing.ts";

const CATALOG = await bundleOf(fileURLToPath(new URL("../../scripts/catalog.ts", import.meta.url)));
const OCCUPIED = await bundleOf(fileURLToPath(new URL("../workers/occupied-backup.ts", import.meta.url)));

/** A catalog with one hive, and `pnpm catalog backup` of it, or another program, where the system answers the calls so. */
async function aSite() {
  const folder = await temporaryFolder();
  const [path, target] = ["hives.db", "backup.db"].map((name) => join(folder.path, name)) as [string, string];
  {
    await using catalog = await HiveCatalog.open(path);
    await catalog.addHive(aHive());
  }
  const backUp = (...faults: string[]) => run([CATALOG, "backup", target, "--database", path], faults);
  const run = (args: readonly string[], faults: readonly string[]) => {
    const injected = faults.flatMap((fault) => ["-e", `inject=${fault}`]);
    const strace = ["-f", "-qq", "-o", "/dev/null", "-e", "trace=link,rename", ...injected, "-e", "signal=none"];
    const { status, stdout, stderr, error } = spawnSync("strace", [...strace, process.execPath, ...args], {
      encoding: "utf8",
      timeout: 50_000,
    });
    if (error) throw new Error(`this test needs strace, from the package of that name: ${error.message}`);
    return { status, stdout, stderr };
  };
  const names = () => readdirSync(folder.path).filter((name) => name.startsWith("backup.db"));
  return { ...folder, path, target, backUp, run, names, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}

test.each(["ENOSYS", "EIO", "EPERM", "EOPNOTSUPP"])(
  "where hard links fail with %s, a backup gets its name in another way",
  async (code) => {
    await using site = await aSite();
    expect(site.backUp(`link:error=${code}`)).toMatchObject({ status: 0 });
    expect(site.names()).toEqual(["backup.db"]);
    expect(await checkCatalog(site.target)).toMatchObject({ isSound: true, hives: 1 });
  },
);

test("where a file cannot get its name at all, a backup says the step, the paths and the code, and leaves nothing", async () => {
  await using site = await aSite();
  const { status, stderr } = site.backUp("link:error=ENOSYS", "rename:error=EIO");
  expect(status).toBe(1);
  expect(stderr).toMatch(/\(EIO: rename \S+\/backup\.db\.partial-\w+ to \S+\/backup\.db\)/);
  expect(site.names()).toEqual([]);
});

test("where hard links fail, a file that appears at the target while the copy is made is not replaced", async () => {
  await using site = await aSite();
  const { stdout } = site.run([OCCUPIED, site.path, site.target], ["link:error=ENOSYS"]);
  expect(stdout).toBe("INVALID_ARGUMENT\n");
  expect(readFileSync(site.target, "utf8")).toBe("somebody else's");
  expect(site.names()).toEqual(["backup.db"]);
});
