import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { temporaryFolder } from "@repo/hive-catalog/testing";
import openapiTS, { astToString } from "openapi-typescript";
import { expect, test } from "vitest";
import { bundleOf } from "../../../../scripts/build/cache.js";
import { spawnQueen } from "../daemon.ts";

const run = promisify(execFile);
const pathOf = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const TSC = pathOf("../../node_modules/typescript/bin/tsc");
const PROGRAM = pathOf("./crud.ts");

test("a client generated from /openapi.json compiles, and does the CRUD round with a real queen", async () => {
  await using folder = await temporaryFolder();
  await using queen = spawnQueen([], { QUEEN_DATABASE: join(folder.path, "hives.db") });
  const origin = await queen.origin();

  const types = join(folder.path, "queen-api.d.ts");
  await writeFile(types, astToString(await openapiTS(new URL("/openapi.json", origin))));
  const tsconfig = {
    extends: pathOf("../../../../tsconfig.base.json"),
    compilerOptions: { paths: { "queen-api": [types] }, typeRoots: [pathOf("../../node_modules/@types")] },
    files: [PROGRAM],
  };
  await writeFile(join(folder.path, "tsconfig.json"), JSON.stringify(tsconfig));
  const compiled = await run(process.execPath, [TSC, "--project", folder.path]).catch((error) => error);
  expect(compiled.stdout).toBe("");

  const { stdout } = await run(process.execPath, [await bundleOf(PROGRAM), origin]);
  expect(JSON.parse(stdout)).toEqual([
    ["added", 201, "unknown", null],
    ["taken", 409],
    ["wrong", "INVALID_HIVE", ["port"]],
    ["listed", ["gpu-01"], null],
    ["changed", 8602],
    ["replaced", "127.0.0.2", 8603],
    ["beat", "ok"],
    ["read", "online", ["NVIDIA RTX 4090"]],
    ["removed", 204],
    ["gone", 'There is no hive "gpu-01"'],
  ]);
});
