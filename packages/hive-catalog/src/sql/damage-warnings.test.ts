import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { HASH, withHives } from "../../test/behaviour/samples.ts";
import { CatalogFile } from "../../test/catalog-file.ts";

let file: CatalogFile;
const warn = vi.spyOn(process, "emitWarning");

beforeEach(async () => {
  file = await CatalogFile.create();
  warn.mockReset().mockImplementation(() => undefined);
});
afterEach(() => file[Symbol.asyncDispose]());

/** What was warned of since the last time, with the name of the warning. */
function warnings(): string[] {
  const told = warn.mock.calls.map(([text, name]) => `${name}: ${text}`);
  warn.mockClear();
  return told;
}

test("a damaged hive is one warning, however many of its columns are damaged and however often it is listed", async () => {
  const catalog = await withHives(file);
  file.run("UPDATE hives SET port = 0, status = 'dead' WHERE id = 'b'");
  for (let time = 0; time < 3; time++) expect(await catalog.listHives()).toHaveLength(2);
  await catalog.findStaleHives(1);
  expect(warnings()).toEqual([
    "CorruptHiveWarning: the stored hive 'b' is damaged and was left out: port must be an integer from 1 to 65535, is the integer '0'; status must be one of unknown, online, offline, is the text 'dead'",
  ]);
});

test("a row is warned of again when its damage changes, and not for another one's sake", async () => {
  const catalog = await withHives(file);
  file.run("UPDATE hives SET port = 0 WHERE id IN ('a', 'b')");
  await catalog.listHives();
  expect(warnings()).toHaveLength(2);
  file.run("UPDATE hives SET port = -1 WHERE id = 'b'");
  await catalog.listHives();
  expect(warnings()).toEqual([expect.stringContaining("'b' is damaged and was left out: port")]);
  await catalog.listHives();
  expect(warnings()).toEqual([]);
});

test("each catalog warns for itself of the same row", async () => {
  const [one, other] = [await withHives(file), await file.open()];
  await one.tokens.add({ id: "t", name: "T", role: "reader", hash: HASH });
  file.run("UPDATE tokens SET role = 'root'", "UPDATE hives SET port = 0 WHERE id = 'a'");
  const told = [
    expect.stringContaining("CorruptRecordWarning: the stored token 't' is damaged and was left out: role"),
    expect.stringContaining("CorruptHiveWarning: the stored hive 'a'"),
  ];
  for (const catalog of [one, other]) {
    for (let time = 0; time < 2; time++) {
      await catalog.tokens.list();
      await catalog.listHives();
    }
    expect(warnings()).toEqual(told);
  }
});

test("two damaged rows that show the same key are two rows", async () => {
  const catalog = await withHives(file);
  for (const keyType of ["ssh-rsa", "ssh-dss"]) {
    await catalog.hostKeys.pin({ host: "h", port: 22, keyType, publicKey: "AAAA" });
  }
  file.run(
    "UPDATE host_keys SET pinned_at_ms = -1 WHERE key_type = 'ssh-rsa'",
    "UPDATE host_keys SET pinned_at_ms = -2 WHERE key_type = 'ssh-dss'",
  );
  for (let time = 0; time < 3; time++) expect(await catalog.hostKeys.list()).toEqual([]);
  expect(warnings()).toHaveLength(2);
});

test("more damaged rows than are remembered are warned of no more, and the last warning says so", async () => {
  const catalog = await file.open();
  file.run(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1500)
    INSERT INTO hives (id, host, port, created_at_ms, updated_at_ms) SELECT 'hive-' || i, 'h', 0, 0, 0 FROM n`);
  for (let time = 0; time < 2; time++) await catalog.listHives();
  const told = warnings();
  expect(told).toHaveLength(1000);
  expect(told.filter((text) => text.includes("no further rows are told"))).toEqual([told.at(-1)]);
});

test("whoever is told of damage takes the place of the warnings", async () => {
  const told: string[] = [];
  await withHives(file);
  file.run("UPDATE hives SET port = 0, status = 'dead' WHERE id = 'b'");
  const catalog = await file.open({ onCorruptHive: ({ column }) => told.push(column) });
  for (let time = 0; time < 2; time++) await catalog.listHives();
  expect(told).toEqual(["port", "status", "port", "status"]);
  expect(warnings()).toEqual([]);
});
