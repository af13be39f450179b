import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { Interrupted, UsageProblem } from "../failure.ts";
import { confirm, readSecret } from "./asking.ts";
import { type Streams, Terminal } from "./terminal.ts";

const { signal } = new AbortController();

/** One at which `keys` are typed, or none. */
function terminal(keys?: string) {
  const isTTY = keys !== undefined;
  const stdin = Object.assign(new PassThrough(), { isTTY });
  const stderr = Object.assign(new PassThrough(), { isTTY });
  stdin.write(keys ?? "");
  const streams = { stdin, stderr, stdout: stderr } as unknown as Streams;
  return { terminal: new Terminal(streams, { env: {}, command: "hivectl", noColor: true, quiet: false }), stderr };
}

test.each([
  ["y\n", true],
  ["YES\n", true],
  ["n\n", false],
  ["\n", false],
  ["yesterday\n", false],
  ["\x04", false],
])("the answer %j is %s", async (keys, answer) => {
  expect(await confirm(terminal(keys).terminal, "Remove gpu-01?", signal)).toBe(answer);
});

test("a question steers no terminal, and says that no is what counts", async () => {
  const { terminal: asked, stderr } = terminal("n\n");
  await confirm(asked, "Remove \x1b[2J?", signal);
  stderr.end();
  expect(await text(stderr)).toContain("Remove \\u001b[2J? [y/N] ");
});

test("where there is no terminal, the flag that would answer is named", async () => {
  const asking = confirm(terminal().terminal, "Remove gpu-01?", signal);
  await expect(asking).rejects.toThrow(UsageProblem);
  await expect(asking).rejects.toThrow("--yes");
});

test("Ctrl-C ends a wait for a secret that stands on stdin", async () => {
  const stop = new AbortController();
  const secret = readSecret(terminal().terminal, "Token: ", stop.signal);
  stop.abort(new Interrupted());
  await expect(secret).rejects.toThrow(Interrupted);
});
