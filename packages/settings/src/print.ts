/** Writes what `program` was asked for to stdout. Where that cannot be written it is said, unless who read it reads no further, as `head` does; either way the program has failed. */
export function print(program: string, text: string): void {
  process.stdout.once("error", (error: NodeJS.ErrnoException) => {
    process.exitCode = 1;
    if (error.code !== "EPIPE") process.stderr.write(`${program}: stdout cannot be written: ${error.message}\n`);
  });
  process.stdout.write(text);
}
