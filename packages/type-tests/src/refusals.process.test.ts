import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { addressOf, readHive, symbolOf } from "./uses.ts";

const PACKAGE_ROOT = fileURLToPath(new URL("..", import.meta.url));
const TSC = join(dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin", "tsc");
const TIMEOUT_MS = 50_000;

/** Each in a file of its own; `catalog` and `hive` are at hand in all of them. */
const SNIPPETS = {
  sound: 'hive.status = "online"; await catalog.updateHive(hive); await catalog.addHive({ ...hive, id: "second" });',
  misspeltStatus: 'hive.status = "onlin";',
  misspeltStatusArgument: 'await catalog.updateHiveStatus("localhost", "ofline");',
  createdAtMs: "hive.createdAtMs = 0;",
  portAsText: 'await catalog.addHive({ id: "localhost", host: "127.0.0.1", port: "8600" });',
  forgottenStatus: 'const symbol: { [Status in HiveStatus]: string } = { online: "+", offline: "-" };',
};

const PREAMBLE = `import type { HiveCatalog, HiveRecord } from "@repo/hive-catalog";
import type { HiveStatus } from "@repo/hive-catalog/record";
declare const catalog: HiveCatalog;
declare const hive: HiveRecord;
export type Status = HiveStatus;
`;

let folder: string;
let diagnostics: string[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "type-tests-"));
  await symlink(join(PACKAGE_ROOT, "node_modules"), join(folder, "node_modules"));
  await writeFile(join(folder, "package.json"), '{ "type": "module" }');
  const config = { extends: join(PACKAGE_ROOT, "../../tsconfig.base.json"), include: ["*.ts"] };
  await writeFile(join(folder, "tsconfig.json"), JSON.stringify(config));
  for (const [name, code] of Object.entries(SNIPPETS)) await writeFile(join(folder, `${name}.ts`), PREAMBLE + code);
  const tsc = spawn(process.execPath, [TSC, "--pretty", "false", "--singleThreaded"], {
    cwd: folder,
    stdio: ["ignore", "pipe", "inherit"],
    timeout: TIMEOUT_MS,
  });
  const [output] = await Promise.all([text(tsc.stdout), once(tsc, "exit")]);
  diagnostics = output.split("\n").filter((line) => line.includes("error TS"));
}, TIMEOUT_MS);

afterAll(() => rm(folder, { recursive: true, force: true }));

const diagnosticsOf = (name: keyof typeof SNIPPETS) => diagnostics.filter((line) => line.startsWith(`${name}.ts`));

describe("tsc, in a third package", () => {
  it("accepts the specification's way to change a hive", () => {
    expect(diagnosticsOf("sound")).toEqual([]);
  });

  it.each([
    ["misspeltStatus", "TS2820", '"onlin"'],
    ["misspeltStatusArgument", "TS2345", '"ofline"'],
    ["createdAtMs", "TS2540", "'createdAtMs' because it is a read-only property"],
    ["portAsText", "TS2322", "'string' is not assignable to type 'number'"],
    ["forgottenStatus", "TS2741", "'unknown' is missing"],
  ] as const)("refuses %s", (name, code, message) => {
    expect(diagnosticsOf(name)).toEqual([expect.stringContaining(`error ${code}: `)]);
    expect(diagnosticsOf(name)[0]).toContain(message);
  });

  it("complains about nothing else", () => {
    expect(diagnostics).toHaveLength(Object.keys(SNIPPETS).length - 1);
  });
});

describe("the shared types at run time", () => {
  it("serve code that knows the catalog only by its types and schemas", () => {
    const hive = readHive({
      id: "localhost",
      host: "127.0.0.1",
      port: 8600,
      sshHost: null,
      sshPort: null,
      sshUser: null,
      status: "online",
      lastHeartbeatMs: null,
      devices: null,
      createdAtMs: 1_761_040_800_000,
      updatedAtMs: 1_761_040_800_000,
    });
    expect(addressOf(hive)).toBe("127.0.0.1:8600");
    expect(symbolOf(hive.status)).toBe("+");
  });
});
