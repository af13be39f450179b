import { folderInMemory, type temporaryFolder } from "@repo/hive-catalog/testing";
import { afterEach, beforeEach } from "vitest";
import { type Daemon, type HowToRun, spawnQueen } from "./daemon.ts";
import { type OwnQueen, openQueen } from "./own-queen.ts";

/** A temporary folder for each test of the file that calls this, and queens on a catalog in it, who end with the test. */
export function queenProcesses() {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  const started: Daemon[] = [];
  const opened: OwnQueen[] = [];
  beforeEach(async () => {
    folder = await folderInMemory();
  });
  afterEach(async () => {
    for (const queen of started.splice(0)) await queen.kill("SIGKILL");
    for (const queen of opened.splice(0)) await queen.stop();
    await folder[Symbol.asyncDispose]();
  });
  const file = () => `${folder.path}/data/hives.db`;
  /** Agents on this machine would be kept in her HOME, where those of whoever runs the tests may be. */
  const here = () => ({ QUEEN_DATABASE: file(), HOME: folder.path });
  return {
    get folder(): string {
      return folder.path;
    },
    /** Of the catalog; queens make it. */
    get file(): string {
      return file();
    },
    /** In this process. */
    async open(env: NodeJS.ProcessEnv = {}): Promise<OwnQueen> {
      const queen = await openQueen({ ...here(), ...env });
      opened.push(queen);
      return queen;
    },
    /** In one of hers. */
    start(args: string[] = [], env: NodeJS.ProcessEnv = {}, how: HowToRun = {}): Daemon {
      const queen = spawnQueen(args, { ...here(), ...env }, how);
      started.push(queen);
      return queen;
    },
  };
}

export const postJson = (url: string, body: unknown) =>
  fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
