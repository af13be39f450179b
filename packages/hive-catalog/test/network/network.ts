import { join } from "node:path";
import { startTestServer, type TestServer } from "@repo/libsql-test-server";
import { HiveCatalog } from "../../src/catalog.ts";
import type { OpenOptions } from "../../src/options.ts";
import { temporaryFolder } from "../../src/testing.ts";
import { FaultyProxy } from "./faulty-proxy.ts";

export const TOKEN = "token-that-nobody-may-see";

/** A server, a proxy before it, and catalogs on either: `direct` sees what is really stored. */
export type Network = AsyncDisposable & {
  readonly server: TestServer;
  readonly proxy: FaultyProxy;
  readonly direct: HiveCatalog;
  open(options?: OpenOptions): Promise<HiveCatalog>;
};

export async function startNetwork(): Promise<Network> {
  const folder = await temporaryFolder();
  const server = await startTestServer({ path: join(folder.path, "hives.db"), authToken: TOKEN });
  const proxy = await FaultyProxy.start(server.port);
  const direct = await HiveCatalog.open(server.url, { authToken: TOKEN });
  const opened = [direct];
  return {
    server,
    proxy,
    direct,
    async open(options) {
      const catalog = await HiveCatalog.open(proxy.url, { authToken: TOKEN, ...options });
      opened.push(catalog);
      return catalog;
    },
    async [Symbol.asyncDispose]() {
      await proxy[Symbol.asyncDispose]();
      for (const catalog of opened) await catalog.close();
      await server.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}
