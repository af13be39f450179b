import { join } from "node:path";
import { expect, test } from "vitest";
import { startSqliteProcess } from "../../../test/processes.ts";
import { temporaryFolder } from "../../testing.ts";
import { plain } from "../client.ts";
import { isBusy } from "../errors.ts";
import { FileClient } from "./client.ts";

/** A file with an empty table, and a client of it. */
async function aFile(busyTimeoutMs = 5_000) {
  const folder = await temporaryFolder();
  const path = join(folder.path, "test.db");
  const client = new FileClient({ target: path, path, busyTimeoutMs });
  await client.execute(plain("PRAGMA journal_mode = WAL"));
  await client.execute(plain("CREATE TABLE t (id INTEGER PRIMARY KEY, v)"));
  const dispose = async () => {
    client.close();
    await folder[Symbol.asyncDispose]();
  };
  return { path, client, [Symbol.asyncDispose]: dispose };
}

test("while another process holds the lock, the event loop turns, reads go on, and the write reaches the file after", async () => {
  await using file = await aFile();
  const { path, client } = file;
  await using other = await startSqliteProcess(path);
  await other.run("BEGIN IMMEDIATE");
  await other.run("INSERT INTO t VALUES (1, 'theirs')");
  let written = false;
  const write = client.execute(plain("INSERT INTO t VALUES (2, 'mine')")).then(() => {
    written = true;
  });
  let turns = 0;
  for (; turns < 100; turns++) await new Promise((resolve) => setImmediate(resolve));
  expect((await client.execute(plain("SELECT count(*) FROM t"))).rows[0]?.[0]).toBe(0);
  expect(written).toBe(false);
  await other.run("COMMIT");
  await write;
  expect(await other.run("SELECT v FROM t ORDER BY id")).toEqual([["theirs"], ["mine"]]);
});

test("a write that waited too long fails as busy, and every later write reaches the file as another process sees it", async () => {
  await using file = await aFile(30);
  const { path, client: hasty } = file;
  await using other = await startSqliteProcess(path);
  const update = "UPDATE t SET v = ? WHERE id = 1 RETURNING v";
  await hasty.execute(plain("INSERT INTO t VALUES (1, 'first')"));
  await hasty.execute({ sql: update, args: ["second"] });

  await other.run("BEGIN IMMEDIATE");
  for (const failing of [
    hasty.execute({ sql: update, args: ["lost"] }),
    hasty.execute(plain("UPDATE t SET v = 'lost'")),
    hasty.batch([plain("UPDATE t SET v = 'lost'")]),
  ]) {
    const error = await failing.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(isBusy(error)).toBe(true);
  }
  await other.run("ROLLBACK");

  for (const value of ["third", "fourth"]) {
    expect((await hasty.execute({ sql: update, args: [value] })).rows).toEqual([[value]]);
    expect(await other.run("SELECT v FROM t")).toEqual([[value]]);
  }
  await other.run("UPDATE t SET v = 'theirs'");
  expect((await hasty.execute(plain("SELECT v FROM t"))).rows).toEqual([["theirs"]]);
});

test("a write that waits when the client is closed fails and is not in the file", async () => {
  await using file = await aFile();
  const { path, client } = file;
  await using other = await startSqliteProcess(path);
  await other.run("BEGIN IMMEDIATE");
  const write = client.execute(plain("INSERT INTO t VALUES (1, 'a')"));
  await new Promise((resolve) => setImmediate(resolve));
  client.close();
  await expect(write).rejects.toThrow(/closed/);
  await other.run("COMMIT");
  expect(await other.run("SELECT count(*) FROM t")).toEqual([[0]]);
});
