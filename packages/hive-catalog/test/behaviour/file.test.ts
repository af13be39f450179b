import { copyFileSync } from "node:fs";
import { afterAll } from "vitest";
import { CatalogFile } from "../catalog-file.ts";
import type { Site } from "./site.ts";
import { describeCatalog } from "./suite.ts";

const made = await CatalogFile.create();
await (await made.open()).close();
afterAll(() => made[Symbol.asyncDispose]());

/** A copy: its migrations would take as long again as all else. */
async function openFile(): Promise<Site> {
  const file = await CatalogFile.create();
  copyFileSync(made.path, file.path);
  return {
    open: (options) => file.open(options),
    run: async (...statements) => file.run(...statements),
    [Symbol.asyncDispose]: () => file[Symbol.asyncDispose](),
  };
}

describeCatalog("a file", openFile);
