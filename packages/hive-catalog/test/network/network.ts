import { HiveCatalog } from "../../src/catalog.ts";
import type { OpenOptions } from "../../src/options.ts";
import { type EmptyServer, startCatalogServer, TOKEN } from "../server.ts";
import { FaultyProxy } from "./faulty-proxy.ts";

/** A server, a proxy before it, and catalogs on either: `direct` sees what is really stored. */
export type Network = AsyncDisposable & {
  readonly server: EmptyServer;
  readonly proxy: FaultyProxy;
  readonly direct: HiveCatalog;
  open(options?: OpenOptions): Promise<HiveCatalog>;
};

export async function startNetwork(): Promise<Network> {
  const server = await startCatalogServer();
  const proxy = await FaultyProxy.start(server.url);
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
      await server[Symbol.asyncDispose]();
    },
  };
}
