import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** How a README says that its program is run. */
const RUN = fileURLToPath(new URL("../../../scripts/run.js", import.meta.url));

/** The TypeScript of a README as one program. */
export async function programOf(readme: string | URL): Promise<string> {
  const blocks = [...(await readFile(readme, "utf8")).matchAll(/```ts\n(.*?)```/gs)].map(([, code]) => code);
  if (blocks.length === 0) throw new Error(`there is no program in ${readme}`);
  return blocks.join("\n");
}

export interface Run extends AsyncDisposable {
  /** Where it ran, until it is disposed of. */
  readonly folder: string;
  readonly exitCode: unknown;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program in a fresh folder inside `packageFolder`, from where the packages that this one knows can be imported. */
export async function runInside(
  packageFolder: string,
  program: string,
  { args = [], env = {} }: { args?: readonly string[]; env?: NodeJS.ProcessEnv } = {},
): Promise<Run> {
  const folder = await mkdtemp(join(packageFolder, ".readme-"));
  const file = join(folder, "program.ts");
  await writeFile(file, program);
  const options = { cwd: folder, timeout: 60_000, env: { ...process.env, ...env } };
  return new Promise((resolve) => {
    execFile(process.execPath, [RUN, file, ...args], options, (error, stdout, stderr) => {
      const exitCode = error ? error.code : 0;
      resolve({ folder, exitCode, stdout, stderr, [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) });
    });
  });
}
