import { temporaryFolder } from "@repo/hive-catalog/testing";
import { afterAll, beforeAll } from "vitest";
import { type Daemon, spawnQueen } from "../../queen/test/daemon.ts";

/** What tests write of hives stays so, however long they take: no host is asked, and no beat is stale, unless a test says when. */
const UNWATCHED = { QUEEN_HEALTH_INTERVAL_MS: "3600000", QUEEN_STALE_AFTER_MS: "3600000" };

/** A real queen for all tests of the file that calls this, on a catalog in a temporary folder. */
export function queenForAll(env: NodeJS.ProcessEnv = {}) {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let queen: Daemon;
  let url = "";
  beforeAll(async () => {
    folder = await temporaryFolder();
    queen = spawnQueen([], { QUEEN_DATABASE: `${folder.path}/hives.db`, ...UNWATCHED, ...env });
    url = await queen.origin();
  });
  afterAll(async () => {
    await queen[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });
  return {
    get url(): string {
      return url;
    },
    get folder(): string {
      return folder.path;
    },
    get daemon(): Daemon {
      return queen;
    },
  };
}
