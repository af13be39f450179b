import { chmodSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { createClient } from "@libsql/client";
import { HiveCatalog, QUEEN_GONE_AFTER_MS } from "@repo/hive-catalog";
import { backupCatalog } from "@repo/hive-catalog/maintenance";
import { emptyCatalogFile, temporaryFolder } from "@repo/hive-catalog/testing";
import { mountReadOnlyDisk } from "@repo/test-support/mount";
import { expect, test } from "vitest";
import type { Daemon } from "../daemon.ts";
import { postJson, queenProcesses } from "../queen-processes.ts";
import { beat, startTestQueen } from "../test-queen.ts";
import { addToken } from "../tokens.ts";
import { until } from "../until.ts";

/** Nobody of this machine. */
const OTHER_UID = 54_321;

const processes = queenProcesses();
const aHive = (id: string) => ({ id, host: "127.0.0.1", port: 9 });

type Answer = { status: number; body: { code?: string; errors?: { field: string; message: string }[] } };

async function answerOf(response: Promise<Response>): Promise<Answer> {
  const answer = await response;
  return { status: answer.status, body: (await answer.json()) as Answer["body"] };
}

const ready = async (queen: Daemon) => answerOf(fetch(`${await queen.origin()}/health/ready`));

test.each([
  ["removed", (path: string) => rmSync(path)],
  ["moved away", (path: string) => renameSync(path, `${path}.old`)],
  ["replaced", (path: string) => renameSync(`${path}.copy`, path)],
])(
  "a queen whose catalog is %s while hives are added acknowledges none of them any more, and is not ready",
  async (_how, lose) => {
    const { file } = processes;
    await using queen = await startTestQueen({ catalog: await HiveCatalog.open(file) });
    const ready = () => queen.request("GET", "/health/ready");
    const add = async (id: string) => (await queen.request("POST", "/v1/hives", aHive(id))).status;
    await add("first");
    await backupCatalog(file, `${file}.copy`);
    expect(await ready()).toMatchObject({ status: 200, body: { status: "ok" } });
    const ids = Array.from({ length: 20 }, (_, index) => `hive-${index}`);
    const adding = ids.map(add);
    lose(file);
    expect(new Set(await Promise.all(adding))).toEqual(new Set([503]));
    expect(await queen.request("POST", "/v1/hives", aHive("late"))).toMatchObject({
      status: 503,
      body: { code: "CATALOG_UNAVAILABLE" },
    });
    expect(await beat(queen, "first")).toMatchObject({ status: 503 });
    expect(await ready()).toMatchObject({
      status: 503,
      body: {
        code: "NOT_READY",
        errors: [{ field: "catalog", message: expect.stringContaining(`${file} is not the file`) }],
      },
    });
    expect((await queen.app.inject("/metrics")).payload).toContain("queen_catalog_writable 0");
  },
);

test.each(["-wal", "-shm"])(
  "a queen whose %s is removed acknowledges nothing any more, is not ready, and has lost nothing when she is killed and started anew",
  async (suffix) => {
    const { file } = processes;
    const queen = processes.start();
    const origin = await queen.origin();
    expect((await postJson(`${origin}/v1/hives`, aHive("first"))).status).toBe(201);
    rmSync(file + suffix);
    {
      await using other = suffix === "-shm" ? await HiveCatalog.open(file) : undefined;
      await other?.addHive(aHive("of-another-program"));
    }
    expect((await postJson(`${origin}/v1/hives`, aHive("late"))).status).toBe(503);
    expect(await ready(queen)).toMatchObject({
      status: 503,
      body: { errors: [{ field: "catalog", message: expect.stringContaining(`${file}${suffix} is not the file`) }] },
    });
    await queen.kill("SIGKILL");
    await using catalog = await HiveCatalog.open(file);
    const ids = (await catalog.listHives()).map(({ id }) => id);
    expect(ids).toEqual(suffix === "-shm" ? ["first", "of-another-program"] : ["first"]);
  },
);

test("a queen who may only read her catalog says so, is not ready, and lets a token in no more that was revoked", async () => {
  const { folder, file } = processes;
  await processes.start().origin();
  await using catalog = await HiveCatalog.open(file);
  const reader = await addToken(catalog, "reader");
  for (const shown of [folder, dirname(file), ...["", "-wal", "-shm"].map((suffix) => file + suffix)]) {
    chmodSync(shown, 0o755);
  }
  const queen = processes.start([], {}, { uid: OTHER_UID });
  const origin = await queen.origin();
  const missing = `the catalog can be read and not changed: ${file} cannot be written (EACCES)`;
  expect(queen.logLines).toContainEqual(expect.objectContaining({ level: 40, msg: missing }));
  expect(await ready(queen)).toMatchObject({
    status: 503,
    body: { code: "NOT_READY", errors: [{ field: "catalog", message: `fails: ${missing}` }] },
  });
  const statusFor = async ({ authorization }: { authorization: string }) =>
    (await fetch(`${origin}/v1/counts`, { headers: { authorization } })).status;
  expect(await statusFor(reader)).toBe(200);
  await catalog.tokens.revoke(reader.id);
  const another = await addToken(catalog, "reader");
  await until("the revoked token is refused", async () => (await statusFor(reader)) === 401);
  expect(await statusFor(another)).toBe(200);
});

test("a queen whose catalog is locked by another program for long is not ready, and ready again after", async () => {
  const { file } = processes;
  await using queen = await startTestQueen({ catalog: await HiveCatalog.open(file) });
  const ready = () => queen.request("GET", "/health/ready");
  const other = createClient({ url: `file:${file}`, timeout: 5000 });
  const transaction = await other.transaction("write");
  expect(await ready()).toMatchObject({
    status: 503,
    body: { errors: [{ field: "catalog", message: expect.stringContaining("another process has held its lock") }] },
  });
  await transaction.rollback();
  other.close();
  expect(await ready()).toMatchObject({ status: 200, body: { status: "ok" } });
});

test("a queen on a disk that is read-only reads, says that she takes no change, and does not call that a fault of the catalog", async () => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, "disk", "hives.db");
  using _disk = await mountReadOnlyDisk(dirname(file), async () => writeFileSync(file, await emptyCatalogFile()));
  await using queen = await startTestQueen({ catalog: await HiveCatalog.open(file) });
  for (let round = 0; round < 3; round++) {
    await queen.presence.renewAndLook();
    queen.clock.advance(QUEEN_GONE_AFTER_MS);
  }
  expect(await queen.request("GET", "/v1/hives")).toMatchObject({ status: 200 });
  expect(await queen.request("POST", "/v1/hives", aHive("late"))).toMatchObject({
    body: { code: "CATALOG_READ_ONLY" },
  });
  expect(queen.logLines.filter(({ msg }) => msg.includes("the catalog fails"))).toEqual([]);
});
