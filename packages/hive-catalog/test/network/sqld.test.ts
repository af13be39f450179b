import { join } from "node:path";
import { createClient } from "@libsql/client/http";
import { startTestServer, type TestServerOptions } from "@repo/libsql-test-server";
import Database from "libsql";
import { expect, test } from "vitest";
import { HiveCatalog } from "../../src/catalog.ts";
import type { OpenOptions } from "../../src/options.ts";
import { temporaryFolder } from "../../src/testing.ts";
import { SPECIFICATION_DDL } from "../catalog-file.ts";
import { refusalOf } from "../refusal.ts";
import { FaultyProxy } from "./faulty-proxy.ts";

/** What a real server does, beside what the protocol says. */

type Site = AsyncDisposable & { path: string; url: string; open(options?: OpenOptions): Promise<HiveCatalog> };

async function startSite(options: Partial<TestServerOptions> = {}): Promise<Site> {
  const folder = await temporaryFolder();
  const path = join(folder.path, "hives.db");
  const server = await startTestServer({ path, ...options });
  const opened: HiveCatalog[] = [];
  return {
    path,
    url: server.url,
    async open(options) {
      const catalog = await HiveCatalog.open(server.url, options);
      opened.push(catalog);
      return catalog;
    },
    async [Symbol.asyncDispose]() {
      for (const catalog of opened) await catalog.close();
      await server.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}

const hive = (id: string) => ({ id, host: "127.0.0.1", port: 8600 });

test("of a catalog one change is under way at a time, while reads go on beside it", async () => {
  await using site = await startSite();
  await (await site.open()).addHive(hive("a"));
  await using proxy = await FaultyProxy.start(site.url);
  await using catalog = await HiveCatalog.open(proxy.url);
  const underWay = { changes: 0, reads: 0 };
  const most = { changes: 0, reads: 0 };
  let letGo = () => {};
  const held = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  proxy.plan = (body) => {
    const kind = /\b(?:update|insert|delete)\b/i.test(body) ? "changes" : "reads";
    underWay[kind] += 1;
    most[kind] = Math.max(most[kind], underWay[kind]);
    const end = async () => {
      if (kind === "reads") letGo();
      await held;
      underWay[kind] -= 1;
    };
    return { kind: "late", when: "after", meanwhile: end };
  };
  const changes = Array.from({ length: 10 }, (_, n) => catalog.addHive(hive(`b${n}`)));
  const more = [catalog.updateHiveStatus("a", "online"), catalog.updateHeartbeat("a", 1), catalog.removeHive("b0")];
  const reads = Array.from({ length: 5 }, () => catalog.getHive("a"));
  await Promise.all([...changes, ...more, ...reads]);
  expect(most.changes).toBe(1);
  expect(most.reads).toBeGreaterThan(0);
});

test("how durable the server is can be asked while a change is under way", async () => {
  await using site = await startSite();
  await (await site.open()).addHive(hive("a"));
  await using proxy = await FaultyProxy.start(site.url);
  const catalog = await HiveCatalog.open(proxy.url, { requestTimeoutMs: 60_000 });
  let change: Promise<unknown> = Promise.resolve();
  await new Promise<void>((began) => {
    proxy.plan = (body) => {
      if (!/update/i.test(body)) return undefined;
      began();
      return { kind: "hang", when: "before" };
    };
    change = refusalOf(catalog.updateHeartbeat("a", 1));
  });
  expect(await catalog.synchronous()).toBe("normal");
  await catalog.close();
  await change;
});

test("a page that is larger than the server's limits is read in smaller ones", async () => {
  await using site = await startSite({ maxRowBytes: 20_000, maxResponseBytes: 60_000 });
  const catalog = await site.open();
  const gpus = Array.from({ length: 8 }, (_, index) => ({ index, name: "NVIDIA H100 80GB HBM3", vramGb: 80 }));
  const ids = Array.from({ length: 100 }, (_, n) => `hive-${String(n).padStart(3, "0")}`);
  for (const id of ids) await catalog.addHive({ ...hive(id), devices: { cpu: null, gpus } });
  expect((await catalog.listHives()).map(({ id }) => id)).toEqual(ids);
  expect((await catalog.listHives({ limit: 90 })).map(({ id }) => id)).toEqual(ids.slice(0, 90));
  const streamed: string[] = [];
  for await (const { id } of catalog.streamHives()) streamed.push(id);
  expect(streamed).toEqual(ids);
});

test("so are pages of damaged rows, which are read column by column", async () => {
  await using site = await startSite({ maxRowBytes: 50_000, maxResponseBytes: 30_000 });
  const damaged: string[] = [];
  const catalog = await site.open({ onCorruptHive: ({ id }) => void damaged.push(id) });
  const gpus = Array.from({ length: 8 }, (_, index) => ({ index, name: "NVIDIA H100 80GB HBM3", vramGb: 80 }));
  const ids = Array.from({ length: 60 }, (_, n) => `hive-${String(n).padStart(3, "0")}`);
  for (const id of ids) await catalog.addHive({ ...hive(id), devices: { cpu: null, gpus } });
  const database = new Database(site.path);
  database.exec("UPDATE hives SET port = 'none' WHERE id IN ('hive-007', 'hive-041')");
  database.close();
  const sound = ids.filter((id) => id !== "hive-007" && id !== "hive-041");
  expect((await catalog.listHives()).map(({ id }) => id)).toEqual(sound);
  expect(damaged).toEqual(["hive-007", "hive-041"]);
});

test("a beat that waits for the group before it has no more time than another", async () => {
  await using site = await startSite();
  const direct = await site.open();
  await direct.addHive(hive("a"));
  await using proxy = await FaultyProxy.start(site.url);
  const catalog = await HiveCatalog.open(proxy.url, { requestTimeoutMs: 600 });
  let began = () => {};
  const isUnderWay = new Promise<void>((resolve) => {
    began = resolve;
  });
  proxy.plan = () => {
    began();
    return { kind: "hang", when: "before" };
  };
  const first = refusalOf(catalog.updateHeartbeat("a", 1));
  await isUnderWay;
  const second = refusalOf(catalog.updateHeartbeat("a", 2));
  const others = Array.from({ length: 3 }, () => refusalOf(catalog.getHive("a")));
  const order: string[] = [];
  void first.then(() => order.push("first beat"));
  void second.then(() => order.push("second beat"));
  await Promise.all(others);
  // They came after the second beat, with as much time: it does not outlive them.
  await direct.getHive("a");
  expect(order).toEqual(["first beat", "second beat"]);
  await catalog.close();
});

test("SQLITE_BUSY, which is answered at once, is waited for like the lock of a file", async () => {
  await using site = await startSite({ busyTimeoutMs: 0 });
  const catalog = await site.open();
  await catalog.addHive(hive("a"));
  const other = new Database(site.path);
  other.exec("BEGIN IMMEDIATE");
  const changes = [
    catalog.updateHeartbeat("a", 1),
    catalog.updateHiveStatus("a", "online"),
    catalog.addHive(hive("b")),
    catalog.cordons.set("a", { reason: "maintenance", untilMs: null }),
  ];
  // A read beside them has had its answer from a server that refused all of these meanwhile.
  await catalog.getHive("a");
  other.exec("COMMIT");
  other.close();
  await Promise.all(changes);
  expect(await catalog.getHive("a")).toMatchObject({ lastHeartbeatMs: 1, status: "online" });
  expect(await catalog.hiveExists("b")).toBe(true);
});

test("a hives table WITHOUT ROWID is no catalog, on a server too", async () => {
  await using site = await startSite();
  const client = createClient({ url: site.url });
  await client.executeMultiple(SPECIFICATION_DDL.replace(/\);/, ") WITHOUT ROWID;"));
  const refusal = await refusalOf(site.open());
  expect(refusal.code).toBe("CATALOG_NOT_A_CATALOG");
  expect(refusal.message).toMatch(/WITHOUT ROWID$/);
});

test("a migration that fails says what the server found wrong with it", async () => {
  await using site = await startSite();
  await (await site.open()).close();
  const client = createClient({ url: site.url });
  const first = (await client.execute("SELECT min(created_at) FROM __drizzle_migrations")).rows[0]?.[0];
  await using old = await startSite();
  const oldClient = createClient({ url: old.url });
  await oldClient.executeMultiple(`${SPECIFICATION_DDL}; DROP INDEX idx_hives_status;
    CREATE TABLE __drizzle_migrations (id SERIAL PRIMARY KEY, hash text NOT NULL, created_at numeric);
    INSERT INTO __drizzle_migrations (hash, created_at) VALUES ('first', ${first})`);
  const refusal = await refusalOf(old.open());
  expect(refusal.message).toMatch(/"DROP INDEX `idx_hives_status`;?" of a migration failed: .*no such index/);
});
