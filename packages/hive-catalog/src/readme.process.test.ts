import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { isDeepStrictEqual } from "node:util";
import { createClient } from "@libsql/client";
import { programOf, runInside } from "@repo/test-support/readme";
import { getTableName } from "drizzle-orm";
import { expect, onTestFinished, test } from "vitest";
import { HIVE_CATALOG_ERROR_CODES, HiveCatalog } from "./index.ts";
import * as schema from "./schema.ts";
import { aHive, temporaryFolder } from "./testing.ts";

const repository = fileURLToPath(new URL("../../..", import.meta.url));
const packageFolder = fileURLToPath(new URL("..", import.meta.url));

/** Runs the program of a README in a fresh folder inside this package. */
async function runProgram(program: string, env: NodeJS.ProcessEnv = {}) {
  const run = await runInside(packageFolder, program, { env });
  onTestFinished(() => run[Symbol.asyncDispose]());
  expect(run.exitCode, run.stderr).toBe(0);
  return run;
}

/** A hive that tells its health and its devices. */
async function startHive(): Promise<number> {
  const server = createServer((request, response) => {
    const body = request.url === "/v1/devices" ? { cpu: { cores: 8, ram_gb: 32 }, gpus: [] } : { status: "ok" };
    response.setHeader("content-type", "application/json").end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  onTestFinished(() => {
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

test("the five usage patterns of the README run as one program", async () => {
  const port = await startHive();
  const program = await programOf(join(repository, "README.md"));
  const here = program.replaceAll("8600", String(port));
  expect(here).not.toBe(program);
  const { stdout, folder } = await runProgram(here);
  expect(stdout).toContain("hive-prod-01 did not tell its devices");
  expect(stdout).toContain("200 404");
  expect(stdout).toContain(`localhost is online at 127.0.0.1:${port}`);

  await using catalog = await HiveCatalog.open(join(folder, "data/example.db"));
  const [remote, local] = await catalog.listHives();
  expect(local).toMatchObject({
    id: "localhost",
    status: "online",
    devices: { cpu: { cores: 8, ramGb: 32 }, gpus: [] },
  });
  expect(local?.lastHeartbeatMs).toBeGreaterThan(Date.now() - 120_000);
  expect(remote).toMatchObject({ id: "hive-prod-01", status: "offline", sshUser: "admin", devices: null });
});

test("the example of the catalog's README runs and prints what its comments say", async () => {
  const { stdout } = await runProgram(await programOf(join(repository, "packages/hive-catalog/README.md")));
  expect(stdout.trim().split("\n")).toEqual([
    "unknown",
    "8601",
    "1",
    "[ 'hive-prod-01' ] null",
    "[ { id: 'gpu-01', rack: 'r12' } ]",
  ]);
});

test("the example of the device types' README runs and prints what its comments say", async () => {
  const { stdout } = await runProgram(await programOf(join(repository, "packages/device-types/README.md")));
  const requirements = ["true", "false", "true", "false", "nvidia:24GB:2", "{ vendor: 'nvidia', model: 'h100' }"];
  expect(stdout.trim().split("\n")).toEqual(["12", "{ cores: 8, ram_gb: 32 }", "false", ...requirements]);
});

test("the README says in a few lines what this is, then the two commands", async () => {
  const text = await readFile(join(repository, "README.md"), "utf8");
  const [, first, second] = /```sh\n(.*)\n(.*)\n```/.exec(text) ?? [];
  expect(text.indexOf("```sh")).toBeLessThan(400);
  expect(first).toMatch(/^npx -y pnpm@10\.34\.9 start\b/);
  expect(second).toMatch(/^npx -y pnpm@10\.34\.9 test\b/);
});

test("the handbook says what to do on each error code", async () => {
  const text = await readFile(join(repository, "docs/operations.md"), "utf8");
  const documented = [...text.matchAll(/^\| `([A-Z_]+)` +\| \S.* \| \S.* \|$/gm)].map(([, code]) => code);
  expect(documented).toEqual([...HIVE_CATALOG_ERROR_CODES]);
});

/** A catalog with something in each of its tables. */
async function fullCatalog(path: string): Promise<void> {
  await using catalog = await HiveCatalog.open(path);
  await catalog.addHive({ ...aHive({ id: "a", status: "online" }), labels: { env: "prod", "ops.example/rack": "r1" } });
  await catalog.addHive({ ...aHive({ id: "b", devices: null, lastHeartbeatMs: 5 }), labels: { env: "" } });
  await catalog.addHive(aHive({ id: "c" }));
  await catalog.cordons.set("a", { reason: "fans", untilMs: Date.now() + 3_600_000, createdAtMs: 7 });
  const hash = "0".repeat(64);
  const times = { createdAtMs: 8, lastUsedAtMs: 9, expiresAtMs: Date.now() + 3_600_000 };
  await catalog.tokens.add({ id: "t", name: "T", role: "hive", hiveId: "b", hash, ...times });
  await catalog.tokens.add({ id: "u", name: "U", role: "reader", hash, createdAtMs: 8 });
  await catalog.tokens.revoke("u");
  const untilMs = Date.now() + 3_600_000;
  await catalog.sessions.add({ cookieHash: hash, keyHash: hash, tokenId: "t", expiresAtMs: untilMs });
  await catalog.operations.begin({ id: "o", hiveId: "a", kind: "start", owner: "queen", deadlineMs: untilMs });
  await catalog.hostKeys.pin({ host: "h", port: 22, keyType: "ssh-rsa", publicKey: "AAAA", pinnedAtMs: 9 });
  await catalog.queens.renew("q");
}

const TABLES = Object.values(schema).map((table) => getTableName(table));

/** As texts, in order. */
async function rowsOf(path: string, table: string): Promise<string[]> {
  const database = createClient({ url: `file:${path}` });
  const { columns, rows } = await database.execute(`SELECT * FROM ${table}`);
  database.close();
  return rows.map((row) => JSON.stringify(columns.map((column) => row[column]))).sort();
}

/** Of each table that the handbook names, whether it says that its rows are not copied. */
async function saidOfTables(): Promise<Map<string, boolean>> {
  const text = await readFile(join(repository, "docs/operations.md"), "utf8");
  const [, section = ""] = /\n## Move a file to a server, and back\n(.*?)\n## /s.exec(text) ?? [];
  const lines = section.matchAll(/^\| (`[a-z_]+`(?:, `[a-z_]+`)*) +\| (.+) \|$/gm);
  const said = [...lines].flatMap(([, names = "", what = ""]) =>
    [...names.matchAll(/`([a-z_]+)`/g)].map(([, name = ""]) => [name, what.startsWith("not copied: ")] as const),
  );
  return new Map(said);
}

test("the handbook's program moves every table of a catalog that it does not name as not copied, and can be run again", async () => {
  await using folder = await temporaryFolder();
  const [from, to] = [join(folder.path, "from.db"), join(folder.path, "to.db")];
  await fullCatalog(from);
  const before = new Map<string, string[]>();
  for (const table of TABLES) before.set(table, await rowsOf(from, table));
  expect([...before].filter(([, rows]) => rows.length === 0)).toEqual([]);

  const program = await programOf(join(repository, "docs/operations.md"));
  const env = { FROM: from, TO: to, QUEEN_DATABASE_AUTH_TOKEN: "" };
  expect((await runProgram(program, env)).stdout).toContain("copied 3 hives; there are 3 now");
  expect((await runProgram(program, env)).stdout).toContain("copied 0 hives; there are 3 now");

  const isLeftOut = new Map<string, boolean>();
  for (const [table, rows] of before) isLeftOut.set(table, !isDeepStrictEqual(await rowsOf(to, table), rows));
  expect(isLeftOut).toEqual(await saidOfTables());
});

test.each([
  "README.md",
  "CONTRIBUTING.md",
  "docs/architecture.md",
  "docs/operations.md",
  "docs/security.md",
  "docs/finding.md",
  "docs/api.md",
  "docs/page.md",
  "docs/workers.md",
  "packages/hive-catalog/README.md",
  "apps/queen/README.md",
])("every link and every test that %s names is there", async (name) => {
  const text = await readFile(join(repository, name), "utf8");
  const links = [...text.matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, link]) =>
    join(repository, dirname(name), link ?? ""),
  );
  const home = name === "README.md" ? packageFolder : join(repository, dirname(name));
  const tests = [...text.matchAll(/`((?:apps|src|test)\/[\w/.-]+?)`/g)].map(([, path = ""]) =>
    join(path.startsWith("apps/") ? repository : home, path),
  );
  expect([...links, ...tests].filter((path) => !existsSync(path))).toEqual([]);
});
