import { HiveCatalog } from "../../src/catalog.ts";
import { startCatalogServer, TOKEN } from "../server.ts";
import type { Site } from "./site.ts";
import { describeCatalog } from "./suite.ts";

async function openServer(): Promise<Site> {
  const server = await startCatalogServer();
  const opened: HiveCatalog[] = [];
  return {
    async open(options) {
      const catalog = await HiveCatalog.open(server.url, { ...options, authToken: TOKEN });
      opened.push(catalog);
      return catalog;
    },
    run: server.run,
    async [Symbol.asyncDispose]() {
      for (const catalog of opened) await catalog.close();
      await server[Symbol.asyncDispose]();
    },
  };
}

describeCatalog("a server", openServer);
