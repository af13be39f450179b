import { mkdtemp, readdir, rm, stat, utimes, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test, vi } from "vitest";
import { bundlesOf } from "../../../scripts/build/cache.js";
import { REPOSITORY, runNode } from "./repository.ts";

const CACHE = join(REPOSITORY, "node_modules", ".cache", "bundles");
const PACKAGE = fileURLToPath(new URL("..", import.meta.url));
const DAY_MS = 86_400_000;

/** A program in a folder of this package, from where the packages of the workspace can be imported. */
async function newProgram(files: Record<string, string>) {
  const folder = await mkdtemp(join(PACKAGE, ".build-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const name = `program${basename(folder).replace(/\W/g, "")}`;
  const write = (file: string, text: string) => writeFile(join(folder, file), text);
  const all = { [`${name}.ts`]: "", ...files };
  for (const [file, text] of Object.entries(all)) await write(file, text);
  return {
    main: join(folder, `${name}.ts`),
    write,
    writeMain: (text: string) => write(`${name}.ts`, text),
    run: (...args: string[]) => runNode([join(REPOSITORY, "scripts", "run.js"), join(folder, `${name}.ts`), ...args]),
    /** The folders of what was made of it. */
    bundles: async () =>
      (await readdir(CACHE)).filter((one) => one.startsWith(`${name}-`)).map((one) => join(CACHE, one)),
  };
}

const saying = (stdout: string) => ({ code: 0, stdout, stderr: "" });

test("a program has its own arguments, and runs the sources of the packages that it imports: they stand in its stacks", async () => {
  const program = await newProgram({});
  await program.writeMain(`import { HiveCatalog } from "@repo/hive-catalog";
    console.log(process.argv.slice(2));
    await HiveCatalog.open("").catch((error: Error) => console.log(error.stack));`);
  const { stdout } = await program.run("--flag", "value");
  expect(stdout).toContain("[ '--flag', 'value' ]\n");
  expect(stdout).toMatch(/at .*\(\S*\/packages\/hive-catalog\/src\/sql\/location\.ts:\d+:\d+\)/);
});

test("an edit of anything that a program imports or starts shows at its next start; what was made before is found again", async () => {
  const program = await newProgram({ "part.ts": 'export const part: string = "a";', "other.ts": 'console.log("A");' });
  await program.writeMain(`import { execFileSync } from "node:child_process";
    import { fileURLToPath } from "node:url";
    import { part } from "./part.ts";
    console.log(part);
    const other = fileURLToPath(new URL("./other.ts", import.meta.url));
    process.stdout.write(execFileSync(process.execPath, [other], { encoding: "utf8" }));`);
  expect(await program.run()).toEqual(saying("a\nA\n"));
  await program.write("part.ts", 'export const part: string = "b";');
  expect(await program.run()).toEqual(saying("b\nA\n"));
  await program.write("other.ts", 'console.log("B");');
  expect(await program.run()).toEqual(saying("b\nB\n"));
  await program.write("part.ts", 'export const part: string = "a";');
  await program.write("other.ts", 'console.log("A");');
  expect(await program.run()).toEqual(saying("a\nA\n"));
  expect(await program.bundles()).toHaveLength(3);
});

test("many starts at once do no harm to each other", async () => {
  const program = await newProgram({});
  await program.writeMain('console.log("here");');
  const ends = await Promise.all(Array.from({ length: 4 }, () => program.run()));
  expect(ends).toEqual(ends.map(() => saying("here\n")));
  expect(await program.bundles()).toHaveLength(1);
});

test("a bundle is in use for as long as a program of it runs", async () => {
  const program = await newProgram({});
  vi.useFakeTimers({ toFake: ["setInterval"] });
  onTestFinished(() => void vi.useRealTimers());
  const folder = await bundlesOf([program.main]);
  const almostTooOld = new Date(Date.now() - 0.9 * DAY_MS);
  await utimes(folder, almostTooOld, almostTooOld);
  vi.advanceTimersByTime(DAY_MS / 2);
  expect((await stat(folder)).mtimeMs).toBeGreaterThan(almostTooOld.getTime() + DAY_MS / 2);
});

test("a bundle that was not used for a day is removed when another is made", async () => {
  const program = await newProgram({});
  await program.writeMain("console.log(1);");
  await program.run();
  const [first = ""] = await program.bundles();
  const longAgo = new Date(Date.now() - 2 * DAY_MS);
  await utimes(first, longAgo, longAgo);
  expect(await program.run()).toEqual(saying("1\n"));
  await program.writeMain("console.log(2);");
  await program.run();
  expect(await program.bundles()).toHaveLength(2);
  await utimes(first, longAgo, longAgo);
  await program.writeMain("console.log(3);");
  expect(await program.run()).toEqual(saying("3\n"));
  expect(await program.bundles()).not.toContain(first);
});

test("what cannot be bundled is said with its file and line, and is not run", async () => {
  const program = await newProgram({});
  await program.writeMain('console.log("never");\nconst = 1;');
  expect(await program.run()).toEqual({
    code: 1,
    stdout: "",
    stderr: expect.stringMatching(/^run: .*program\w+\.ts:2:6: ERROR/s),
  });
  await program.writeMain('console.log("never", new URL("./" + process.argv[2], import.meta.url));');
  expect(await program.run()).toMatchObject({
    code: 1,
    stdout: "",
    stderr: expect.stringContaining("more than a text in quotes"),
  });
});
