import type { HiveCatalog } from "../../src/catalog.ts";
import type { OpenOptions } from "../../src/options.ts";

/** An empty place for catalogs, of one test. */
export type Site = AsyncDisposable & {
  /** One more catalog on the same database, closed with the site. */
  open(options?: OpenOptions): Promise<HiveCatalog>;
  /** Runs statements beside the catalogs, as another program would. */
  run(...statements: string[]): Promise<void>;
};
