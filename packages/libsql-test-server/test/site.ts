import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Client, createClient } from "@libsql/client/http";
import { startTestServer, type TestServer, type TestServerOptions } from "../src/server.ts";

type Site = AsyncDisposable & { server: TestServer; client: Client; path: string };

/** A server over a file with a table `t (id INTEGER PRIMARY KEY, v)`. */
export async function startSite(options: Partial<TestServerOptions> = {}): Promise<Site> {
  const folder = await mkdtemp(join(tmpdir(), "libsql-test-server-"));
  const path = join(folder, "t.db");
  const server = await startTestServer({ path, ...options });
  const client = createClient({ url: server.url, ...(options.authToken ? { authToken: options.authToken } : {}) });
  await client.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, v)");
  return {
    server,
    client,
    path,
    async [Symbol.asyncDispose]() {
      client.close();
      await server.close();
      await rm(folder, { recursive: true });
    },
  };
}

type Reply = {
  status: number;
  body: { baton?: string | null; results?: Result[]; message?: string; code?: string };
};
type Result = {
  type: string;
  response?: { result?: unknown; is_autocommit?: boolean };
  error?: { code: string; message: string };
};

/** Sends one pipeline as it is. */
export async function send({ server }: Site, requests: unknown[], baton?: string | null, version = 2): Promise<Reply> {
  const body = JSON.stringify({ baton: baton ?? null, requests });
  const answer = await fetch(`${server.url}/v${version}/pipeline`, { method: "POST", body });
  const text = await answer.text();
  return { status: answer.status, body: text.startsWith("{") ? JSON.parse(text) : { message: text } };
}

export const execute = (sql: string, args: unknown[] = []) => ({ type: "execute", stmt: { sql, args } });
export const resultOf = ({ body }: Reply, index = 0) => body.results?.[index]?.response?.result;
export const codeOf = ({ body }: Reply, index = 0) => body.results?.[index]?.error?.code;
