import { afterAll } from "vitest";
import { HiveCatalog } from "../../src/catalog.ts";
import { CatalogFile } from "../catalog-file.ts";
import { startEmptyServer, TOKEN } from "../server.ts";
import type { Site } from "./site.ts";
import { describeCatalog } from "./suite.ts";

const made = await CatalogFile.create();
await (await made.open()).close();
afterAll(() => made[Symbol.asyncDispose]());

async function openServer(): Promise<Site> {
  const server = await startEmptyServer(made.path);
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
