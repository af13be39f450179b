import { join } from "node:path";
import { createClient } from "@libsql/client/http";
import { startTestServer } from "@repo/libsql-test-server";
import { HiveCatalog } from "../../src/catalog.ts";
import { temporaryFolder } from "../../src/testing.ts";
import type { Site } from "./site.ts";
import { describeCatalog } from "./suite.ts";

const { LIBSQL_TEST_URL, LIBSQL_TEST_AUTH_TOKEN } = process.env;
const TABLES = ["hives", "cordons", "tokens", "operations", "host_keys", "queens", "revisions", "__drizzle_migrations"];

/** Catalogs and a plain client on one server. */
function siteAt(url: string, authToken: string | undefined, stop: () => Promise<void>): Site {
  const opened: HiveCatalog[] = [];
  const client = createClient({ url, ...(authToken === undefined ? {} : { authToken }) });
  return {
    async open(options) {
      const catalog = await HiveCatalog.open(url, { ...options, authToken });
      opened.push(catalog);
      return catalog;
    },
    async run(...statements) {
      for (const sql of statements) await client.execute(sql);
    },
    async [Symbol.asyncDispose]() {
      for (const catalog of opened) await catalog.close();
      client.close();
      await stop();
    },
  };
}

async function openTestServer(): Promise<Site> {
  const folder = await temporaryFolder();
  const server = await startTestServer({ path: join(folder.path, "hives.db"), authToken: "sesame" });
  return siteAt(server.url, "sesame", async () => {
    await server.close();
    await folder[Symbol.asyncDispose]();
  });
}

/** Empties the database, for which a whole one must be set aside. */
async function openGivenServer(url: string): Promise<Site> {
  const site = siteAt(url, LIBSQL_TEST_AUTH_TOKEN, async () => {});
  await site.run(...TABLES.map((table) => `DROP TABLE IF EXISTS ${table}`));
  return site;
}

if (LIBSQL_TEST_URL)
  describeCatalog(`the server ${new URL(LIBSQL_TEST_URL).host}`, () => openGivenServer(LIBSQL_TEST_URL));
else describeCatalog("a server", openTestServer);
