import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const REPOSITORY = fileURLToPath(new URL("../../..", import.meta.url));
export const TSC = join(REPOSITORY, "node_modules", "typescript", "bin", "tsc");

export type Ending = { code: number | string | null | undefined; stdout: string; stderr: string };

/** Runs a script by plain node: no loader, no condition, and nothing from the environment that would bring one. */
export function runNode(args: string[], cwd = REPOSITORY): Promise<Ending> {
  return new Promise((resolve) => {
    const options = { cwd, env: {}, timeout: 60_000 };
    execFile(process.execPath, args, options, (error, stdout, stderr) => {
      resolve({ code: error ? error.code : 0, stdout, stderr });
    });
  });
}

/** What `pnpm build` does for other repositories, in this one or a copy of it at `root`. */
export const buildPackages = (root = REPOSITORY): Promise<Ending> =>
  runNode([join(root, "scripts", "build.js"), "--packages"]);

/** A new, empty folder outside the workspace; removed when it is disposed of. */
export async function temporaryFolder(): Promise<{ path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), "type-tests-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}
