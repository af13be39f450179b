import { execFile } from "node:child_process";
import { once } from "node:events";
import { QueenClient } from "@repo/queen-client";
import { beforeAll, expect, test } from "vitest";
import { type Ended, FILE, HivectlProcess } from "./hivectl.ts";
import { queenForAll } from "./queen.ts";

const HIVES = 1000;
const queen = queenForAll();
let client: QueenClient;

beforeAll(async () => {
  client = new QueenClient({ url: queen.url });
  const many = Array.from({ length: HIVES }, (_, at) => ({ id: `x${at}`, host: "127.0.0.1", port: 1 }));
  for await (const _ of client.addHives(many));
});

/** Reads what comes first, and no more, as `head -1` does. */
async function readABit(args: string[], stdin = ""): Promise<Ended> {
  const running = new HivectlProcess(args, { QUEEN_URL: queen.url });
  running.child.stdin.end(stdin);
  await once(running.child.stdout, "data");
  running.child.stdout.destroy();
  return running.end();
}

/** With its stdout on a disk that is full. */
const onFullDisk = (args: string[]) =>
  new Promise<Omit<Ended, "stdout">>((resolve) => {
    const env = { PATH: process.env.PATH, XDG_CONFIG_HOME: "/nonexistent", QUEEN_URL: queen.url };
    const words = ["-c", 'exec "$0" "$@" > /dev/full', process.execPath, FILE, ...args];
    const child = execFile("sh", words, { env, timeout: 60_000 }, (_error, _stdout, stderr) =>
      resolve({ code: child.exitCode, stderr }),
    );
  });

test("what is done to many is done to the end, and counted, also where whoever reads it reads no further", async () => {
  expect(await readABit(["cordon", "-y", "--all", "--reason", "x"])).toMatchObject({
    code: 0,
    stderr: `hivectl: ${HIVES} done\n`,
  });
  const lines = Array.from({ length: HIVES }, (_, at) => `y${at} 127.0.0.1`);
  expect(await readABit(["add", "-"], ["no-address", ...lines].join("\n"))).toMatchObject({
    code: 3,
    stderr: `hivectl: ${HIVES} added, 1 failed: line 1 INVALID_LINE\n`,
  });
  const uncordoned = await readABit(["uncordon", "-y", "x0", "nope", ...lines.map((line) => line.split(" ")[0] ?? "")]);
  expect(uncordoned).toMatchObject({
    code: 3,
    stderr: expect.stringMatching(/^hivectl: 1 done, 1000 skipped, 1 failed/),
  });
});

test("a list whose reader reads no further ends with 0, and says nothing", async () => {
  for (const format of ["table", "json", "jsonl"]) {
    expect(await readABit(["get", "hives", "-o", format])).toMatchObject({ code: 0, stderr: "" });
  }
  expect(await readABit(["get", "hives", "-w"])).toMatchObject({ code: 0, stderr: "" });
});

test("on a disk that is full it says so and ends with 1, and what was asked for is done all the same", async () => {
  const full = /^hivectl: stdout cannot be written: ENOSPC: /m;
  expect(await onFullDisk(["get", "hives"])).toEqual({ code: 1, stderr: expect.stringMatching(full) });
  for (const args of [["--help"], ["help", "cordon"], ["--version"]]) {
    expect(await onFullDisk(args), args.join(" ")).toEqual({ code: 1, stderr: expect.stringMatching(full) });
  }
  const cordoned = await onFullDisk(["cordon", "-y", "x0", "x1", "--reason", "y"]);
  expect(cordoned).toEqual({ code: 1, stderr: expect.stringMatching(full) });
  expect(cordoned.stderr).toContain("2 done");
  const { cordons } = await client.listCordons({ limit: HIVES });
  expect(cordons.filter(({ reason }) => reason === "y").map(({ hive_id }) => hive_id)).toEqual(["x0", "x1"]);
});
