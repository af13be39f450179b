import { temporaryFolder } from "@repo/hive-catalog/testing";
import { afterAll, beforeAll } from "vitest";
import { type Daemon, spawnQueen } from "../../queen/test/daemon.ts";

/** A real queen for all tests of the file that calls this, on a catalog in a temporary folder. */
export function queenForAll(env: NodeJS.ProcessEnv = {}) {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let queen: Daemon;
  let url = "";
  beforeAll(async () => {
    folder = await temporaryFolder();
    queen = spawnQueen([], { QUEEN_DATABASE: `${folder.path}/hives.db`, ...env });
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
