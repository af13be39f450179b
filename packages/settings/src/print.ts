import { fstatSync, statSync } from "node:fs";

/** Writes to stdout; answers what kept it from being written, if something did: a disk is full, or whoever read it reads no further, as `head` does. */
export const written = (text: string): Promise<NodeJS.ErrnoException | undefined> =>
  new Promise((resolve) => {
    process.stdout.once("error", resolve);
    process.stdout.write(text, (error) => {
      if (error) return;
      process.stdout.off("error", resolve);
      resolve(undefined);
    });
  });

/** Writes what `program` was asked for to stdout. Where that cannot be written it is said, unless who read it reads no further; either way the program has failed. Answers the exit code. */
export async function print(program: string, text: string): Promise<0 | 1> {
  const error = await written(text);
  if (error === undefined) return 0;
  process.exitCode = 1;
  if (error.code !== "EPIPE") process.stderr.write(`${program}: stdout cannot be written: ${error.message}\n`);
  return 1;
}

/** Whether nobody gets what is written to stdout: it is /dev/null, which is also what Node puts in the place of one that is closed. */
export function leadsNowhere(): boolean {
  const stdout = fstatSync(1);
  return stdout.isCharacterDevice() && stdout.rdev === statSync("/dev/null").rdev;
}
