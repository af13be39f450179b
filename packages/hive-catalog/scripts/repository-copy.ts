import { type ChildProcessByStdio, spawn } from "node:child_process";
import { cpSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { temporaryFolder } from "../src/testing.ts";
import { REPOSITORY_ROOT } from "./drizzle-kit.ts";

const PACKAGE = join("packages", "hive-catalog");
const COPIED = [
  "package.json",
  "drizzle.config.ts",
  "tsconfig.base.json",
  join("scripts", "run.js"),
  join("scripts", "build"),
  ...["package.json", "tsconfig.json", "drizzle", "scripts", "src"].map((name) => join(PACKAGE, name)),
];
const TIMEOUT_MS = 60_000;

type Ending = { code: number | null; output: string };
type Command = ChildProcessByStdio<null, Readable, Readable>;

/** A copy of what the database commands work on, for a test to change; removed when it is disposed of. */
export async function copyOfRepository() {
  const folder = await temporaryFolder();
  const root = folder.path;
  for (const path of COPIED) cpSync(join(REPOSITORY_ROOT, path), join(root, path), { recursive: true });
  for (const path of ["node_modules", join(PACKAGE, "node_modules")]) {
    symlinkSync(join(REPOSITORY_ROOT, path), join(root, path));
  }
  return {
    root,
    source: join(root, PACKAGE, "src"),
    schema: join(root, PACKAGE, "src", "schema.ts"),
    /** The columns of the hives table. */
    model: join(root, PACKAGE, "src", "model", "hive.ts"),
    migrations: join(root, PACKAGE, "drizzle"),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

type Call = { args?: string[]; env?: Record<string, string>; root?: string; cwd?: string };

/** Starts `pnpm db:…` of the repository at `root`, or of its copy, as a process of its own. */
export function startCommand(name: string, { args = [], env = {}, root = REPOSITORY_ROOT, cwd = root }: Call = {}) {
  const { QUEEN_DATABASE, QUEEN_DATABASE_AUTH_TOKEN, ...inherited } = process.env;
  return spawn(
    process.execPath,
    [join(root, "scripts", "run.js"), join(root, PACKAGE, "scripts", `${name}.ts`), ...args],
    {
      cwd,
      env: { ...inherited, ...env },
      stdio: ["ignore", "pipe", "pipe"],
      timeout: TIMEOUT_MS,
    },
  );
}

/** Waits for the end of a command: its exit code, and both its outputs. */
export async function ending(command: Command): Promise<Ending> {
  const closed = new Promise<number | null>((resolve) => command.once("close", resolve));
  const [code, ...outputs] = await Promise.all([closed, text(command.stdout), text(command.stderr)]);
  return { code, output: outputs.join("") };
}
