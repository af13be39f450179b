import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { bundleOf } from "../../../../scripts/build/cache.js";

/** Prints so many ports that are unused, and keeps them until it is ended. */
const ASK = `
  const [file, count] = process.argv.slice(1);
  const { unusedPort } = await import(file);
  const ports = await Promise.all(Array.from({ length: Number(count) }, unusedPort));
  console.log(JSON.stringify(ports));
  process.stdin.resume();
`;

async function portsOfAProcess(count: number): Promise<number[]> {
  const file = await bundleOf(fileURLToPath(new URL("./port.ts", import.meta.url)));
  const args = ["--input-type=module", "-e", ASK, file, String(count)];
  const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  const [text] = (await once(child.stdout.setEncoding("utf8"), "data")) as [string];
  return JSON.parse(text);
}

test("a port that was given to one is given to nobody else, though nobody listens there yet", async () => {
  const ports = (await Promise.all([portsOfAProcess(300), portsOfAProcess(300)])).flat();
  expect(new Set(ports).size).toBe(600);
});
