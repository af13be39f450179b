import { type StdioOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** Where drizzle.config.ts stands; its paths start there. */
export const REPOSITORY_ROOT = fileURLToPath(new URL("../../../", import.meta.url));

const KIT = join(dirname(createRequire(import.meta.url).resolve("drizzle-kit")), "bin.cjs");

/** Runs drizzle-kit from the repository's root. Answers its exit code, which is 0 after many errors too: prove success otherwise. */
export async function runKit(args: string[], stdio: StdioOptions, env: NodeJS.ProcessEnv = {}): Promise<number | null> {
  // The schema's packages as they stand in their sources, not as they were last built.
  const kit = spawn(process.execPath, ["--conditions=source", KIT, ...args], {
    cwd: REPOSITORY_ROOT,
    env: { ...process.env, ...env },
    stdio,
  });
  const [code] = await once(kit, "exit");
  return code;
}
