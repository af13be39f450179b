import { folderInMemory, type temporaryFolder } from "@repo/hive-catalog/testing";
import { afterAll, beforeAll } from "vitest";
import { type OwnQueen, openQueen } from "../../queen/test/own-queen.ts";

/** What tests write of hives stays so, however long they take: no host is asked, and no beat is stale, unless a test says when. */
const UNWATCHED = { QUEEN_HEALTH_INTERVAL_MS: "3600000", QUEEN_STALE_AFTER_MS: "3600000" };

/** A queen, in this process, for all tests of the file that calls this, on a catalog in a temporary folder. */
export function queenForAll(env: NodeJS.ProcessEnv = {}) {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let queen: OwnQueen;
  beforeAll(async () => {
    folder = await folderInMemory();
    queen = await openQueen({ QUEEN_DATABASE: `${folder.path}/hives.db`, HOME: folder.path, ...UNWATCHED, ...env });
  });
  afterAll(async () => {
    await queen.stop();
    await folder[Symbol.asyncDispose]();
  });
  return {
    get url(): string {
      return queen.url;
    },
    get folder(): string {
      return folder.path;
    },
    get door(): OwnQueen["door"] {
      return queen.door;
    },
  };
}
