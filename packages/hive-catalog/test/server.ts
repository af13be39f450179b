import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createClient } from "@libsql/client/http";
import { startTestServer } from "@repo/libsql-test-server";
import { emptyCatalogFile, temporaryFolder } from "../src/testing.ts";

const { LIBSQL_TEST_URL, LIBSQL_TEST_AUTH_TOKEN } = process.env;

/** Of every server here. It may stand in no message. */
export const TOKEN = LIBSQL_TEST_AUTH_TOKEN ?? "token-that-nobody-may-see";

export type EmptyServer = AsyncDisposable & {
  readonly url: string;
  /** Runs statements beside the catalogs, as another program would. */
  run(...statements: string[]): Promise<void>;
  /** The names of its tables, but those of SQLite and of the server. */
  tables(): Promise<string[]>;
};

/**
 * A libSQL server with an empty database: that of LIBSQL_TEST_URL, which is emptied, or else the repository's own. Tests that need the file behind
 * a server, its limits or its end take the repository's own always.
 */
export const startEmptyServer = (): Promise<EmptyServer> => startServer();

/** The same for a catalog: on the repository's own it is made already, as its migrations take longer than most that a test does with it. */
export const startCatalogServer = async (): Promise<EmptyServer> => startServer(await emptyCatalogFile());

async function startServer(file?: Buffer): Promise<EmptyServer> {
  if (LIBSQL_TEST_URL !== undefined) return emptied(LIBSQL_TEST_URL);
  const folder = await temporaryFolder();
  const path = join(folder.path, "hives.db");
  if (file !== undefined) writeFileSync(path, file);
  const server = await startTestServer({ path, authToken: TOKEN });
  return serverAt(server.url, async () => {
    await server.close();
    await folder[Symbol.asyncDispose]();
  });
}

async function emptied(url: string): Promise<EmptyServer> {
  const server = serverAt(url, async () => {});
  for (const table of await server.tables()) await server.run(`DROP TABLE "${table}"`);
  return server;
}

function serverAt(url: string, stop: () => Promise<void>): EmptyServer {
  const client = createClient({ url, authToken: TOKEN });
  return {
    url,
    async run(...statements) {
      for (const sql of statements) await client.execute(sql);
    },
    async tables() {
      const { rows } = await client.execute("SELECT name FROM sqlite_schema WHERE type = 'table'");
      return rows.map(({ name }) => String(name)).filter((name) => !/^(?:sqlite_|libsql_|_litestream_)/.test(name));
    },
    async [Symbol.asyncDispose]() {
      client.close();
      await stop();
    },
  };
}
