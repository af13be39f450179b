import { appendFile, cp, mkdir, readdir, readFile, symlink } from "node:fs/promises";
import { basename, join } from "node:path";
import { expect, test } from "vitest";
import { buildPackages, REPOSITORY, temporaryFolder } from "./repository.ts";

const BOTH = "built @repo/device-types\nbuilt @repo/hive-catalog\n";

/** These packages without what was built of them, to be changed by a test. */
async function copyOfRepository(packages = ["packages/device-types", "packages/hive-catalog"]) {
  const folder = await temporaryFolder();
  const root = folder.path;
  const isSource = (path: string) => !["node_modules", "dist"].includes(basename(path));
  for (const path of ["scripts", "tsconfig.base.json", ...packages]) {
    await cp(join(REPOSITORY, path), join(root, path), { recursive: true, filter: isSource });
  }
  await symlink(join(REPOSITORY, "node_modules"), join(root, "node_modules"));
  const [own, theirs] = ["packages/hive-catalog/node_modules", "packages/device-types/node_modules"];
  await symlink(join(REPOSITORY, theirs), join(root, theirs));
  await mkdir(join(root, own, "@repo"), { recursive: true });
  for (const name of ["@libsql", "@types", "drizzle-orm", "libsql", "zod"]) {
    await symlink(join(REPOSITORY, own, name), join(root, own, name));
  }
  await symlink(join(root, "packages/device-types"), join(root, own, "@repo/device-types"));
  const pathOf = (path: string) => join(root, "packages", path);
  return {
    root,
    edit: (path: string, text: string) => appendFile(pathOf(path), text),
    read: (path: string) => readFile(pathOf(path), "utf8"),
    list: (path: string) => readdir(pathOf(path)),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

test("a build is made once, and anew when a source of it has changed: its own or one of the packages that it depends on", async () => {
  await using copy = await copyOfRepository();
  const built = async () => (await buildPackages(copy.root)).stdout;
  expect(await built()).toBe(BOTH);
  expect(await built()).toBe("");
  await copy.edit("device-types/src/json.test.ts", "// Tests are not built.\n");
  expect(await built()).toBe("");

  await copy.edit("device-types/src/index.ts", "export const ADDED = 1;\n");
  expect(await built()).toBe(BOTH);
  expect(await copy.read("device-types/dist/index.js")).toContain("ADDED = 1");
  expect(await copy.read("device-types/dist/index.d.ts")).toContain("ADDED = 1");
  expect(await built()).toBe("");

  await copy.edit("hive-catalog/src/record.ts", "export const ADDED = 1;\n");
  expect(await built()).toBe("built @repo/hive-catalog\n");
  expect(await built()).toBe("");
});

test("two builds at once do no harm to each other", async () => {
  await using copy = await copyOfRepository();
  for (const { code, stderr } of await Promise.all([buildPackages(copy.root), buildPackages(copy.root)])) {
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  }
  expect(await buildPackages(copy.root)).toEqual({ code: 0, stdout: "", stderr: "" });
  expect(await copy.list("hive-catalog")).not.toContainEqual(expect.stringMatching(/^\.build-/));
  expect(await copy.list("hive-catalog/dist")).toEqual(expect.arrayContaining(["index.js", "index.d.ts", "sql"]));
});

test("what does not compile is not built: the exit code says so, the build before stays, and the next one tries again", async () => {
  await using copy = await copyOfRepository(["packages/device-types"]);
  await buildPackages(copy.root);
  await copy.edit("device-types/src/index.ts", 'export const BROKEN: number = "text";\n');
  for (const _ of ["first", "second"]) {
    const { code, stdout, stderr } = await buildPackages(copy.root);
    expect(code).toBe(1);
    expect(stdout).toContain("TS2322");
    expect(stderr).toBe("build: packages/device-types does not compile\n");
  }
  expect(await copy.list("device-types")).not.toContainEqual(expect.stringMatching(/^\.build-/));
  expect(await copy.read("device-types/dist/index.js")).not.toContain("BROKEN");
});
