import { join } from "node:path";
import { HiveCatalog } from "@repo/hive-catalog";
import { openTestCatalog, temporaryFolder } from "@repo/hive-catalog/testing";
import { startTestServer } from "@repo/libsql-test-server";
import { expect, onTestFinished, test } from "vitest";
import { postJson, queenProcesses } from "../test/queen-processes.ts";
import { HIVE_JSON } from "../test/test-queen.ts";
import { until } from "../test/until.ts";

const queens = queenProcesses();

test("starts from any folder, says where it listens, and keeps its hives over a SIGKILL", async () => {
  const first = queens.start();
  const added = await postJson(`${await first.origin()}/v1/hives`, HIVE_JSON);
  const stored = await added.json();
  first.child.kill("SIGKILL");
  expect(await first.end()).toEqual({ code: null, signal: "SIGKILL" });

  expect(first.logLines[0]).toMatchObject({ msg: "new catalog made", catalog: queens.file, hives: 0 });

  const second = queens.start();
  const found = await fetch(`${await second.origin()}/v1/hives/hive-a`);
  expect(await found.json()).toEqual(stored);
  expect(second.logLines[0]).toMatchObject({ msg: "catalog opened", catalog: queens.file, hives: 1 });
});

test("says at start which migrations the catalog lacked", async () => {
  await using catalog = await openTestCatalog();
  for (const column of ["expires_at_ms", "last_used_at_ms"])
    await catalog.run(`ALTER TABLE tokens DROP COLUMN ${column}`);
  await catalog.run("DROP TABLE sessions");
  await catalog.run(
    "DELETE FROM __drizzle_migrations WHERE created_at = (SELECT max(created_at) FROM __drizzle_migrations)",
  );
  const said = async () => {
    const queen = queens.start([], { QUEEN_DATABASE: catalog.path });
    await queen.origin();
    return queen.logLines.slice(0, 2);
  };
  expect(await said()).toMatchObject([
    { msg: "catalog opened" },
    { msg: "the catalog was migrated for this version", migrations: ["0007_sessions_and_use_of_tokens"] },
  ]);
  expect(await said()).toMatchObject([{ msg: "catalog opened" }, { msg: expect.not.stringContaining("migrated") }]);
});

const durable = async (origin: string) =>
  /^queen_catalog_durable (.*)$/m.exec(await (await fetch(`${origin}/metrics`)).text())?.[1];

test("says at start, and in metrics, when the server of the catalog does not sync each change to its disk", async () => {
  await using folder = await temporaryFolder();
  const server = await startTestServer({ path: join(folder.path, "hives.db") });
  onTestFinished(() => server.close());
  const queen = queens.start([], { QUEEN_DATABASE: server.url });
  expect(await durable(await queen.origin())).toBe("0");
  const warning = () => queen.logLines.find(({ msg }) => msg.includes("does not sync each change to its disk"));
  expect((await until("she says so", warning)).level).toBe(40);
});

test("runs `queen token` on the database of the environment, and prints the token alone", async () => {
  await (await HiveCatalog.open(queens.file)).close();
  const queen = queens.start(["token", "create", "--name", "ops", "--role", "operator"], { QUEEN_MIGRAT: "false" });
  expect(await queen.end()).toEqual({ code: 0, signal: null });
  expect(queen.stdout).toMatch(/^hq_[0-9a-f]{16}_[\w-]{43}\n$/);
  // Her other settings are set too, and no mistake.
  expect(queen.stderr.split("\n").slice(0, 2)).toEqual([
    "queen: QUEEN_MIGRAT is no setting, and changes nothing: the nearest that is one is QUEEN_MIGRATE",
    `queen: the catalog is ${queens.file}`,
  ]);
});

test("warns of each misspelt variable, with what was meant, of none that another program reads, and of no file, which does sync", async () => {
  const queen = queens.start([], { QUEEN_ALLOWED_HOST: "10.0.0.0/8", QUEEN_PROT: "hunter2", QUEEN_TOKEN: "hq_1" });
  expect(await durable(await queen.origin())).toBe("1");
  expect(queen.logLines.filter(({ level }) => level === 40).map(({ msg }) => msg)).toEqual([
    "QUEEN_ALLOWED_HOST is no setting, and changes nothing: the nearest that is one is QUEEN_ALLOWED_HOSTS",
    "QUEEN_PROT is no setting, and changes nothing: the nearest that is one is QUEEN_PORT",
  ]);
});

test("prints its version", async () => {
  const queen = queens.start(["--version"]);
  expect(await queen.end()).toEqual({ code: 0, signal: null });
  expect(queen.stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});
