import { once } from "node:events";
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import Sqlite from "libsql";
import { describe, expect, it, vi } from "vitest";
import { HiveCatalog } from "../src/index.ts";
import { temporaryFolder } from "../src/testing.ts";
import { migrationsAsApplied, readSql, runSql, SPECIFICATION_DDL } from "../test/catalog-file.ts";
import { startEmptyServer, TOKEN } from "../test/server.ts";
import { readJournal } from "./migrations-folder.ts";
import { copyOfRepository, ending, startCommand } from "./repository-copy.ts";

// Several processes in a row, on a machine that may be busy.
vi.setConfig({ testTimeout: 180_000 });

/** A catalog that the Rust system made. */
const OLD_CATALOG = `${SPECIFICATION_DDL}
INSERT INTO hives VALUES ('hive-prod-01', '10.0.1.100', 8600, '10.0.1.100', 22, 'admin', 'online', 1761040800000,
  '{"cpu":{"cores":16,"ram_gb":64},"gpus":[{"index":0,"name":"NVIDIA RTX 4090","vram_gb":24}]}', 1761040700000, 1761040750000);`;

const OLD_HIVE = {
  id: "hive-prod-01",
  host: "10.0.1.100",
  port: 8600,
  sshHost: "10.0.1.100",
  sshPort: 22,
  sshUser: "admin",
  status: "online",
  lastHeartbeatMs: 1_761_040_800_000,
  devices: { cpu: { cores: 16, ramGb: 64 }, gpus: [{ index: 0, name: "NVIDIA RTX 4090", vramGb: 24 }] },
  createdAtMs: 1_761_040_700_000,
  updatedAtMs: 1_761_040_750_000,
};

const TAGS = readJournal().map(({ tag }) => tag);
const APPLIED = `applied ${TAGS.length} migration${TAGS.length === 1 ? "" : "s"}: ${TAGS.join(", ")}`;

function startMigrate(location: string, call: Parameters<typeof startCommand>[1] = {}) {
  return startCommand("db-migrate", { ...call, env: { QUEEN_DATABASE: location, ...call.env } });
}

const migrate = (...call: Parameters<typeof startMigrate>) => ending(startMigrate(...call));

async function storedHives(path: string) {
  await using catalog = await HiveCatalog.open(path, { migrate: false });
  return await catalog.listHives();
}

// Side by side, as they wait for processes and locks; there may be one server alone.
describe.concurrent("db:migrate", () => {
  it("makes the folder and the catalog, and has nothing to do the second time", async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, "a folder", "with 100%25", "hives.db");
    expect(await migrate(path)).toEqual({ code: 0, output: `${path}: ${APPLIED}\n` });
    expect(await migrate(path)).toEqual({ code: 0, output: `${path} is up to date\n` });
    expect(await storedHives(path)).toEqual([]);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it("takes data/hives.db in the working folder when no location is set, and finds one that HiveCatalog.open made up to date", async () => {
    await using folder = await temporaryFolder();
    await using _catalog = await HiveCatalog.open(join(folder.path, "data", "hives.db"));
    const { code, output } = await ending(startCommand("db-migrate", { cwd: folder.path }));
    expect({ code, output }).toEqual({ code: 0, output: "data/hives.db is up to date\n" });
  });

  it("adopts a file of the specification with every value, by a relative path from the working folder", async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, "here", "hives.db");
    mkdirSync(dirname(path));
    runSql(path, OLD_CATALOG);
    const adopted = await migrate("file:./here/hives.db", { cwd: folder.path });
    expect(adopted).toEqual({ code: 0, output: `here/hives.db: ${APPLIED}\n` });
    expect(await storedHives(path)).toEqual([OLD_HIVE]);
  });

  it("finds a file of the specification that HiveCatalog.open adopted up to date, with every value", async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, "hives.db");
    runSql(path, OLD_CATALOG);
    await (await HiveCatalog.open(path)).close();
    expect(await migrate(path)).toEqual({ code: 0, output: `${path} is up to date\n` });
    expect(await storedHives(path)).toEqual([OLD_HIVE]);
  });

  it.each([
    [
      "another hives table",
      "CREATE TABLE hives (id INTEGER PRIMARY KEY, bees INTEGER); INSERT INTO hives VALUES (1, 9)",
    ],
    ["another application's tables", "CREATE TABLE orders (id INTEGER PRIMARY KEY)"],
  ])("refuses %s and leaves the file as it is, byte for byte", async (_what, sql) => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, "hives.db");
    runSql(path, sql);
    const before = readFileSync(path);
    expect(await migrate(path)).toEqual({ code: 1, output: expect.stringContaining("CATALOG_NOT_A_CATALOG") });
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  it("refuses a text file and leaves it as it is", async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, "notes.txt");
    writeFileSync(path, "not a database\n");
    expect(await migrate(path)).toEqual({ code: 1, output: expect.stringContaining("CATALOG_NOT_A_CATALOG") });
    expect(readFileSync(path, "utf8")).toBe("not a database\n");
  });

  it("refuses a catalog that a newer version has changed, and leaves it as it is", async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, "hives.db");
    const later = "INSERT INTO __drizzle_migrations (hash, created_at) VALUES ('later', 4102444800000)";
    runSql(path, ...migrationsAsApplied(TAGS.length), later);
    const before = readFileSync(path);
    expect(await migrate(path)).toEqual({ code: 1, output: expect.stringContaining("CATALOG_TOO_NEW") });
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  it("names the migrations that it applied, and no others, also where a damaged index keeps hives from being counted", async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, "hives.db");
    runSql(path, ...migrationsAsApplied(TAGS.length - 1));
    const [page] = readSql(path, "SELECT rootpage - 1 FROM sqlite_schema WHERE name = 'idx_hives_status_id'").flat();
    const bytes = readFileSync(path);
    bytes.fill("?", Number(page) * 4096, (Number(page) + 1) * 4096);
    writeFileSync(path, bytes);
    expect(await migrate(path)).toEqual({ code: 0, output: `${path}: applied 1 migration: ${TAGS.at(-1)}\n` });
  });

  it("waits for another process that holds the lock", async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, "hives.db");
    runSql(path, OLD_CATALOG);
    // Its COMMIT waits for those who are reading at that moment.
    const holder = new Sqlite(path, { timeout: 5000 });
    holder.exec("BEGIN IMMEDIATE");
    const command = startMigrate(path);
    const ended = ending(command);
    for await (const line of createInterface({ input: command.stderr })) {
      if (line.includes("drizzle-kit failed")) holder.exec("COMMIT");
    }
    holder.close();
    expect(await ended).toMatchObject({ code: 0, output: expect.stringContaining(APPLIED) });
    expect(await storedHives(path)).toEqual([OLD_HIVE]);
  });

  it("says CATALOG_BUSY when another process keeps the lock", async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, "hives.db");
    runSql(path, OLD_CATALOG);
    const holder = new Sqlite(path);
    holder.exec("BEGIN IMMEDIATE");
    const { code, output } = await migrate(path);
    holder.close();
    expect(code).toBe(1);
    expect(output).toMatch(/CATALOG_BUSY: .* still lacks 0000_create_hives.*: another process holds the lock/);
  });

  it("names a migration that it cannot apply, and why", async () => {
    await using copy = await copyOfRepository();
    const path = join(copy.root, "hives.db");
    await (await HiveCatalog.open(path)).close();
    const bad = "CREATE TABLE sites (id text);--> statement-breakpoint\nCREATE INDEX x ON nowhere (id);";
    const remove = addMigration(copy.migrations, "bad", bad);
    const failed = await migrate(path, { root: copy.root });
    expect(failed.code).toBe(1);
    expect(failed.output).toMatch(/still lacks \d{4}_bad: .*no such table: main\.nowhere/);
    expect(readSql(path, "SELECT name FROM sqlite_schema WHERE name = 'sites'")).toEqual([]);
    remove();

    addMigration(copy.migrations, "too_early", "CREATE TABLE sites (id text);", -1);
    const skipped = await migrate(path, { root: copy.root });
    expect(skipped.code).toBe(1);
    expect(skipped.output).toMatch(
      /still lacks \d{4}_too_early: drizzle-kit skips a migration that is dated before the last applied one/,
    );
  });

  // What else is no location is told by location.test.ts.
  it.each([
    ["a catalog in memory", ":memory:", []],
    ["an empty location", "", []],
    ["a password in the URL of a server", "http://user:secret@127.0.0.1:1", []],
    ["an unknown flag", "hives.db", ["--force"]],
  ])("is called wrongly with %s", async (_what, location, args) => {
    const { code, output } = await migrate(location, { args });
    expect(code).toBe(2);
    expect(output).toMatch(/QUEEN_DATABASE:? .*must|unknown option '--force'/);
    expect(output).not.toMatch(/user:|secret/);
  });

  it.sequential("brings a catalog on a server up to date", async () => {
    await using server = await startEmptyServer();
    await server.run(...OLD_CATALOG.split(";").filter((sql) => sql.trim() !== ""));
    const env = { QUEEN_DATABASE_AUTH_TOKEN: TOKEN };
    expect(await migrate(server.url, { env })).toEqual({ code: 0, output: `${new URL(server.url)}: ${APPLIED}\n` });
    expect(await migrate(server.url, { env })).toEqual({ code: 0, output: `${new URL(server.url)} is up to date\n` });
    await using catalog = await HiveCatalog.open(server.url, { authToken: TOKEN, migrate: false });
    expect(await catalog.listHives()).toEqual([OLD_HIVE]);
  });

  it.sequential("refuses a server that holds another application's tables", async () => {
    await using server = await startEmptyServer();
    await server.run("CREATE TABLE hives (id INTEGER PRIMARY KEY, bees INTEGER)");
    const env = { QUEEN_DATABASE_AUTH_TOKEN: TOKEN };
    const refusal = { code: 1, output: expect.stringContaining("CATALOG_NOT_A_CATALOG") };
    expect(await migrate(server.url, { env })).toEqual(refusal);
    expect(await server.tables()).toEqual(["hives"]);
  });

  it("never prints the token, even when a server repeats it", async () => {
    const seen: (string | undefined)[] = [];
    const server = createServer((request, response) => {
      seen.push(request.headers.authorization);
      const message = `${request.headers.authorization} is not welcome`;
      response.writeHead(200, { "content-type": "application/json" });
      const result = { type: "error", error: { message, code: "AUTH" } };
      response.end(JSON.stringify({ baton: null, base_url: null, results: [result, result] }));
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const { code, output } = await migrate(url, { env: { QUEEN_DATABASE_AUTH_TOKEN: TOKEN } });
    server.close();
    expect(seen).toContain(`Bearer ${TOKEN}`);
    expect(code).toBe(1);
    expect(output).toContain("CATALOG_UNAVAILABLE");
    expect(output).not.toContain(TOKEN);
  });
});

/** Adds a migration by hand, dated `afterMs` after the last one. Answers what takes it away again. */
function addMigration(folder: string, name: string, sql: string, afterMs = 1): () => void {
  const path = join(folder, "meta", "_journal.json");
  const before = readFileSync(path, "utf8");
  const journal = JSON.parse(before);
  const last = journal.entries.at(-1);
  const tag = `${String(last.idx + 1).padStart(4, "0")}_${name}`;
  journal.entries.push({ ...last, idx: last.idx + 1, when: last.when + afterMs, tag });
  writeFileSync(path, JSON.stringify(journal));
  writeFileSync(join(folder, `${tag}.sql`), sql);
  return () => {
    writeFileSync(path, before);
    rmSync(join(folder, `${tag}.sql`));
  };
}
