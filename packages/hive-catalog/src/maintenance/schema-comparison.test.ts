import { startTestServer } from "@repo/libsql-test-server";
import { expect, test } from "vitest";
import { CatalogFile } from "../../test/catalog-file.ts";
import { aHive } from "../testing.ts";
import { checkCatalog } from "./check.ts";

test("a table and a column that are missing are found, and all that is there is read", async () => {
  await using file = await CatalogFile.create();
  const catalog = await file.open();
  await catalog.addHive(aHive({ id: "a" }));
  await catalog.cordons.set("a", { reason: "fans" });
  await catalog.tokens.add({ id: "t", name: "T", role: "reader", hash: "0".repeat(64) });
  await catalog.close();
  file.run(
    "DROP TABLE hive_labels",
    "ALTER TABLE tokens DROP COLUMN last_used_at_ms",
    "UPDATE cordons SET reason = x'61'",
  );
  await using server = await startTestServer({ path: file.path });
  for (const location of [file.path, server.url]) {
    const { isSound, schema, hives, recordDamage } = await checkCatalog(location);
    expect({ isSound, hives, damaged: recordDamage.map(({ column }) => column) }).toEqual({
      isSound: false,
      hives: 1,
      damaged: ["reason"],
    });
    expect(schema.missing).toEqual([
      "column tokens.last_used_at_ms",
      "table hive_labels",
      "column hive_labels.hive_id",
      "column hive_labels.key",
      "column hive_labels.value",
      "index idx_hive_labels_hive",
    ]);
  }
});

test("what another program named with a line break is told in one line", async () => {
  await using file = await CatalogFile.create();
  await (await file.open()).close();
  file.run('CREATE INDEX "mine\n/a.db is sound" ON hives (host)');
  const { schema, isSound } = await checkCatalog(file.path);
  expect({ isSound, ...schema }).toMatchObject({ isSound: true, further: ["index mine\uFFFD/a.db is sound"] });
});
