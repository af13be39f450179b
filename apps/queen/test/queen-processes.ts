import { temporaryFolder } from "@repo/hive-catalog/testing";
import { afterEach, beforeEach } from "vitest";
import { type Daemon, type HowToRun, spawnQueen } from "./daemon.ts";

/** A temporary folder for each test of the file that calls this, and real queens on a catalog in it, which are killed with the test. */
export function queenProcesses() {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  const started: Daemon[] = [];
  beforeEach(async () => {
    folder = await temporaryFolder();
  });
  afterEach(async () => {
    for (const queen of started.splice(0)) await queen.kill("SIGKILL");
    await folder[Symbol.asyncDispose]();
  });
  return {
    get folder(): string {
      return folder.path;
    },
    /** Of the catalog; queens make it. */
    get file(): string {
      return `${folder.path}/data/hives.db`;
    },
    start(args: string[] = [], env: NodeJS.ProcessEnv = {}, how: HowToRun = {}): Daemon {
      const queen = spawnQueen(args, { QUEEN_DATABASE: this.file, ...env }, how);
      started.push(queen);
      return queen;
    },
  };
}

export const postJson = (url: string, body: unknown) =>
  fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
