import { appendFile, cp, mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { buildPackages, REPOSITORY, temporaryFolder } from "./repository.ts";

const BOTH = "built @repo/base\nbuilt @repo/user\n";

const manifestOf = (name: string, dependencies: object) =>
  JSON.stringify({
    name: `@repo/${name}`,
    type: "module",
    exports: { ".": { source: "./src/index.ts", types: "./dist/index.d.ts", default: "./dist/index.js" } },
    dependencies,
  });
/** Without the types of Node, which take longest to compile. */
const TSCONFIG = JSON.stringify({ extends: "../../tsconfig.base.json", compilerOptions: { types: [] } });

/** Two small packages, of which one depends on the other. */
const SOURCES = {
  "base/package.json": manifestOf("base", {}),
  "base/tsconfig.json": TSCONFIG,
  "base/src/index.ts": "export const BASE: number = 1;\n",
  "user/package.json": manifestOf("user", { "@repo/base": "workspace:*" }),
  "user/tsconfig.json": TSCONFIG,
  "user/src/index.ts": 'export { USED } from "./folder/used.ts";\n',
  "user/src/folder/used.ts": 'import { BASE } from "@repo/base";\nexport const USED = BASE + 1;\n',
};

/** A repository with these packages, which are built as ours are; to be changed by a test. */
async function newRepository() {
  const folder = await temporaryFolder();
  const root = folder.path;
  const pathOf = (path: string) => join(root, "packages", path);
  for (const path of ["scripts", "tsconfig.base.json"])
    await cp(join(REPOSITORY, path), join(root, path), { recursive: true });
  for (const [path, text] of Object.entries(SOURCES)) {
    await mkdir(dirname(pathOf(path)), { recursive: true });
    await writeFile(pathOf(path), text);
  }
  await symlink(join(REPOSITORY, "node_modules"), join(root, "node_modules"));
  await mkdir(pathOf("user/node_modules/@repo"), { recursive: true });
  await symlink(pathOf("base"), pathOf("user/node_modules/@repo/base"));
  return {
    root,
    edit: (path: string, text: string) => appendFile(pathOf(path), text),
    read: (path: string) => readFile(pathOf(path), "utf8"),
    list: (path: string) => readdir(pathOf(path)),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

test("a build is made once, and anew when a source of it has changed: its own or one of the packages that it depends on", async () => {
  await using repository = await newRepository();
  const built = async () => (await buildPackages(repository.root)).stdout;
  expect(await built()).toBe(BOTH);
  expect(await built()).toBe("");
  await repository.edit("base/src/json.test.ts", "// Tests are not built.\n");
  expect(await built()).toBe("");

  await repository.edit("base/src/index.ts", "export const ADDED = 1;\n");
  expect(await built()).toBe(BOTH);
  expect(await repository.read("base/dist/index.js")).toContain("ADDED = 1");
  expect(await repository.read("base/dist/index.d.ts")).toContain("ADDED = 1");
  expect(await built()).toBe("");

  await repository.edit("user/src/folder/used.ts", "export const ADDED = 1;\n");
  expect(await built()).toBe("built @repo/user\n");
  expect(await built()).toBe("");
});

test("two builds at once do no harm to each other", async () => {
  await using repository = await newRepository();
  for (const { code, stderr } of await Promise.all([buildPackages(repository.root), buildPackages(repository.root)])) {
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  }
  expect(await buildPackages(repository.root)).toEqual({ code: 0, stdout: "", stderr: "" });
  expect(await repository.list("user")).not.toContainEqual(expect.stringMatching(/^\.build-/));
  expect(await repository.list("user/dist")).toEqual(expect.arrayContaining(["index.js", "index.d.ts", "folder"]));
});

test("what does not compile is not built: the exit code says so, the build before stays, and the next one tries again", async () => {
  await using repository = await newRepository();
  await buildPackages(repository.root);
  await repository.edit("base/src/index.ts", 'export const BROKEN: number = "text";\n');
  for (const _ of ["first", "second"]) {
    const { code, stdout, stderr } = await buildPackages(repository.root);
    expect(code).toBe(1);
    expect(stdout).toContain("TS2322");
    expect(stderr).toBe("build: packages/base does not compile\n");
  }
  expect(await repository.list("base")).not.toContainEqual(expect.stringMatching(/^\.build-/));
  expect(await repository.read("base/dist/index.js")).not.toContain("BROKEN");
});
