import { CatalogFile } from "../catalog-file.ts";
import type { Site } from "./site.ts";
import { describeCatalog } from "./suite.ts";

async function openFile(): Promise<Site> {
  const file = await CatalogFile.migrated();
  return {
    open: (options) => file.open(options),
    run: async (...statements) => file.run(...statements),
    [Symbol.asyncDispose]: () => file[Symbol.asyncDispose](),
  };
}

describeCatalog("a file", openFile);
