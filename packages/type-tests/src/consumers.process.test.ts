import { cp, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildPackages, REPOSITORY, runNode, TSC, temporaryFolder } from "./repository.ts";

const PACKAGES = ["device-types", "hive-catalog", "queen-client"];
const PROGRAM = join(REPOSITORY, "packages/type-tests/consumer/main.ts");
const TEST = join(REPOSITORY, "packages/type-tests/consumer/context.test.js");
const PAGE = `
import { DeviceCapabilities } from "@repo/device-types";
import { HiveRecord, toHiveRecordJson } from "@repo/hive-catalog/record";
import { QueenClient } from "@repo/queen-client";
console.log(DeviceCapabilities, HiveRecord, toHiveRecordJson, QueenClient, document.title);
`;
const VITEST = join(REPOSITORY, "packages/hive-catalog/node_modules/vitest/vitest.mjs");
const STRICT = {
  module: "nodenext",
  types: ["node"],
  noEmit: true,
  strict: true,
  noPropertyAccessFromIndexSignature: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  isolatedModules: true,
  verbatimModuleSyntax: true,
};

let folder: Awaited<ReturnType<typeof temporaryFolder>>;

beforeAll(async () => {
  expect(await buildPackages()).toMatchObject({ code: 0, stderr: "" });
  folder = await temporaryFolder();
  for (const name of PACKAGES) await install(name);
  await link("@types/node");
  await link("vitest");
  await cp(PROGRAM, join(folder.path, "src", "main.ts"));
  await writeFile(join(folder.path, "package.json"), '{ "type": "module" }');
});

afterAll(() => folder[Symbol.asyncDispose]());

/** Puts a package where a package manager would: what it publishes, and what it depends on beside it. */
async function install(name: string): Promise<void> {
  const from = join(REPOSITORY, "packages", name);
  const to = join(folder.path, "node_modules", "@repo", name);
  const manifest: { files: string[]; dependencies?: object } = JSON.parse(
    await readFile(join(from, "package.json"), "utf8"),
  );
  for (const path of ["package.json", ...manifest.files])
    await cp(join(from, path), join(to, path), { recursive: true });
  for (const dependency of Object.keys(manifest.dependencies ?? {}))
    if (!dependency.startsWith("@repo/")) await link(dependency);
}

/** Every third-party package of `device-types` is one of `hive-catalog` too. */
async function link(name: string): Promise<void> {
  const path = join(folder.path, "node_modules", name);
  await mkdir(dirname(path), { recursive: true });
  const target = join(REPOSITORY, "packages/hive-catalog/node_modules", name);
  await symlink(target, path).catch((error) => {
    if (error.code !== "EEXIST") throw error;
  });
}

// Several threads check what they share each for itself: 5 seconds of the processor in the place of 3.
const tsc = (...args: string[]) => runNode([TSC, "--pretty", "false", "--singleThreaded", ...args], folder.path);

async function diagnosticsOf(compilerOptions: object, program = "src"): Promise<string[]> {
  await writeFile(join(folder.path, "tsconfig.json"), JSON.stringify({ compilerOptions, include: [program] }));
  const { stdout } = await tsc();
  return stdout.split("\n").filter((line) => line.includes("error TS"));
}

describe("another repository, with the built packages in its node_modules", () => {
  it("compiles with what tsc --init writes, and what it emits runs with plain node", async () => {
    await tsc("--init");
    expect(await tsc("--types", "node", "--rootDir", "src", "--outDir", "out")).toEqual({
      code: 0,
      stdout: "",
      stderr: "",
    });
    const declarations = await readFile(join(folder.path, "out/main.d.ts"), "utf8");
    expect(declarations).toContain('readStatus: (value: unknown) => "offline" | "online" | "unknown"');
    expect(declarations).toContain("add: (catalog: HiveCatalog, hive: NewHive) => Promise<HiveRecord>");

    const { stdout, stderr } = await runNode(["out/main.js", join(folder.path, "hives.db")], folder.path);
    expect(stderr).toBe("");
    expect(JSON.parse(stdout)).toEqual({
      gpus: ["NVIDIA RTX 4090"],
      rows: [{ host: "10.0.0.1", port: 8600 }],
      isSound: true,
      tables: expect.arrayContaining(["hives", "cordons", "tokens", "operations", "host_keys"]),
    });
  });

  it("tests with a runner that gives each file of tests a context of its own, as Jest does", async () => {
    await cp(TEST, join(folder.path, "context.test.js"));
    const ended = await runNode([VITEST, "run", "--pool=vmThreads", "context.test.js"], folder.path);
    expect(ended).toMatchObject({ code: 0, stderr: "" });
  });

  it("compiles for a bundler", async () => {
    const options = {
      module: "esnext",
      moduleResolution: "bundler",
      noEmit: true,
      types: ["node"],
      skipLibCheck: true,
    };
    expect(await diagnosticsOf(options)).toEqual([]);
  });

  // drizzle's declarations name the packages of every database that it can talk to, and do not compile by themselves.
  it("compiles with stricter settings than this repository's, and finds nothing wrong with the packages' own declarations", async () => {
    const diagnostics = await diagnosticsOf({ ...STRICT, skipLibCheck: false });
    expect(diagnostics.filter((line) => !line.includes("node_modules/drizzle-orm/"))).toEqual([]);
  });

  it("compiles a page without the types of Node, and finds nothing wrong with the declarations that it needs", async () => {
    await writeFile(join(folder.path, "page.ts"), PAGE);
    const page = { ...STRICT, module: "esnext", moduleResolution: "bundler", lib: ["es2024", "dom"], types: [] };
    expect(await diagnosticsOf({ ...page, skipLibCheck: false }, "page.ts")).toEqual([]);
  });
});
