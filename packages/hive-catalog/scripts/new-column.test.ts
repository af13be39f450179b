import { execFile } from "node:child_process";
import { copyFileSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { promisify } from "node:util";
import { mountReadOnlyDisk } from "@repo/test-support/mount";
import { expect, test, vi } from "vitest";
import { aHive, temporaryFolder } from "../src/testing.ts";
import { CatalogFile } from "../test/catalog-file.ts";
import { copyOfRepository, ending, startCommand } from "./repository-copy.ts";

// Several processes in a row, on a machine that may be busy.
vi.setConfig({ testTimeout: 180_000 });

const run = promisify(execFile);
const TSC = join(dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin", "tsc");

const PROGRAM = `
import { HiveCatalog, HiveRecordJson, toHiveRecordJson } from "./index.ts";
import { checkCatalog } from "./maintenance.ts";
const [former, readOnly] = process.argv.slice(2).map(String) as [string, string];
const unread = await HiveCatalog.open(readOnly).catch((error) => error.code);
const check = await checkCatalog(former);
const catalog = await HiveCatalog.open(former);
const kept = await catalog.getHive("former");
const added = await catalog.addHive({ id: "a", host: "10.0.0.1", port: 1, zone: "hall 3" });
await catalog.addHive({ id: "b", host: "10.0.0.1", port: 1 });
const patched = await catalog.patchHive("b", { zone: "hall 4" });
const updated = await catalog.updateHive({ ...patched, zone: null });
const refused = await catalog.patchHive("a", { zone: 5 as never }).catch((error) => error.problems);
const listed = await catalog.listHives();
const json = HiveRecordJson.parse(toHiveRecordJson(added));
console.log(JSON.stringify({ unread, isSound: check.isSound, hives: check.hives, kept: kept?.zone, added: added.zone, patched: patched.zone, updated: updated.zone, refused, listed: listed.map(({ zone }) => zone), json: json.zone }));
`;

test("a new column of hives is one entry and one line of the record, and its migration; the rest follows, of a catalog from before too", async () => {
  await using copy = await copyOfRepository();
  const folder = dirname(copy.source);
  const textsBefore = textsIn(folder);
  const before = readFileSync(copy.model, "utf8");
  const after = before
    .replace("  readonly createdAtMs: number;", "  zone: string | null;\n  readonly createdAtMs: number;")
    .replace('  createdAtMs: time("created_at_ms")', '  zone: optional(field("zone", text, z.string())),\n$&');
  writeFileSync(copy.model, after);
  const added = after.split("\n").filter((line) => !before.split("\n").includes(line));
  expect(added).toHaveLength(2);
  await makeMigration(copy.root);
  const changed = [...textsIn(folder)].filter(([path, text]) => textsBefore.get(path) !== text).map(([path]) => path);
  expect(changed.sort()).toEqual([
    expect.stringMatching(/^drizzle\/\d{4}_add_zone\.sql$/),
    expect.stringMatching(/^drizzle\/meta\/\d{4}_snapshot\.json$/),
    "drizzle/meta/_journal.json",
    "src/model/hive.ts",
  ]);

  const program = join(copy.source, "zone.ts");
  writeFileSync(program, PROGRAM);
  const files = ["index", "record", "maintenance", "testing", "schema", "zone"].map((name) =>
    join(copy.source, `${name}.ts`),
  );
  const config = join(folder, "tsconfig.sources.json");
  writeFileSync(config, JSON.stringify({ extends: "./tsconfig.json", include: [], files }));
  await run(process.execPath, [TSC, "-p", config, "--singleThreaded"], { cwd: copy.root });
  await using former = await CatalogFile.create();
  const catalog = await former.open();
  await catalog.addHive(aHive({ id: "former" }));
  await catalog.close();
  await using mounts = await temporaryFolder();
  const disk = join(mounts.path, "disk");
  using _disk = await mountReadOnlyDisk(disk, async () => copyFileSync(former.path, join(disk, "hives.db")));
  const args = [join("scripts", "run.js"), program, former.path, join(disk, "hives.db")];
  const { stdout } = await run(process.execPath, args, { cwd: copy.root });
  expect(JSON.parse(stdout)).toEqual({
    ...{ unread: "CATALOG_NOT_MIGRATED", isSound: true, hives: 1, kept: null },
    added: "hall 3",
    patched: "hall 4",
    updated: null,
    refused: [{ field: "zone", message: expect.stringContaining("got 5") }],
    listed: ["hall 3", null, null],
    json: "hall 3",
  });
});

/** The one that db:check asks for, and is content with then; there is nothing to write after that. */
async function makeMigration(root: string): Promise<void> {
  const statement = "ALTER TABLE `hives` ADD `zone` text;";
  const check = () => ending(startCommand("db-check", { root }));
  const generate = (name: string) => ending(startCommand("db-generate", { args: ["--name", name], root }));
  const asked = await check();
  expect(asked.code).toBe(1);
  expect(asked.output).toContain("The schema has changed: run pnpm db:generate --name");
  expect(asked.output).toContain(statement);
  const { code, output } = await generate("add_zone");
  expect(code, output).toBe(0);
  const [, made = ""] = /made (packages\/hive-catalog\/drizzle\/\d{4}_add_zone\.sql)/.exec(output) ?? [];
  expect(readFileSync(join(root, made), "utf8")).toBe(statement);
  expect(await check()).toMatchObject({ code: 0, output: expect.stringContaining("_add_zone") });
  const again = await generate("add_more");
  expect(again).toMatchObject({ code: 0, output: expect.stringContaining("nothing has changed") });
}

/** The text of every file below `folder`, by its path there. */
function textsIn(folder: string): Map<string, string> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = entries.map((entry) => join(entry.parentPath, entry.name));
  return new Map(paths.map((path) => [relative(folder, path), readFileSync(path, "utf8")]));
}
