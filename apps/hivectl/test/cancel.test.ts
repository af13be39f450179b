import { QueenClient } from "@repo/queen-client";
import { afterAll, beforeEach, expect, test } from "vitest";
import { hivectl, inTerminal } from "./hivectl.ts";
import { queenForAll } from "./queen.ts";
import { silentServer } from "./silent-server.ts";

const queen = queenForAll();
const silent = await silentServer();
const IDS = ["gpu-01", "gpu-02", "gpu-03"];
let client: QueenClient;
/** On gpu-01 and gpu-02. */
let operations: string[];

beforeEach(async () => {
  client = new QueenClient({ url: queen.url });
  for (const { hive } of (await client.listFleet()).hives) await client.removeHive(hive.id, { force: true });
  const ssh = { ssh_host: "127.0.0.1", ssh_port: silent.port };
  for (const id of IDS) await client.addHive({ id, host: "127.0.0.1", port: 1, labels: { rack: "r12" }, ...ssh });
  operations = [(await client.startHive("gpu-01")).id, (await client.startHive("gpu-02")).id];
});
afterAll(() => silent[Symbol.asyncDispose]());

const run = (args: string[], stdin?: string) => hivectl(["cancel", ...args], { QUEEN_URL: queen.url }, stdin);
const running = async () => (await client.listOperations({ state: "running" })).operations.map(({ id }) => id);

test("cancel ends operations by their own ids or by those of hives, and says why there was nothing to end", async () => {
  const [first = "", second = ""] = operations;
  const { code, stdout, stderr } = await run(["-y", first, "gpu-01", "gpu-02", "gpu-03", "nope"]);
  expect({ code, stderr }).toEqual({
    code: 3,
    stderr:
      "hivectl: 2 done, 1 skipped, 1 failed: nope HIVE_NOT_FOUND\nhivectl: `hivectl get hives` lists those that there are, and `hivectl get events nope` says whether it was removed\n",
  });
  expect(stdout).toMatch(new RegExp(`^gpu-01 +done +${first} is cancelled$`, "m"));
  expect(stdout).toMatch(new RegExp(`^gpu-02 +done +${second} is cancelled$`, "m"));
  expect(stdout).toMatch(/^gpu-03 +skipped +nothing is being done to it$/m);
  expect(await running()).toEqual([]);
  expect(await run(["-y", first, "-o", "json"])).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(`"${first} has ended already: cancelled"`),
  });
});

test("cancel takes hives by what they are, all of them with --all, and ids on stdin", async () => {
  expect(await run(["-y", "-l", "rack=r13"])).toMatchObject({ code: 0, stdout: "" });
  expect(await run(["-y"])).toMatchObject({ code: 2, stderr: expect.stringContaining("--all") });
  expect(await run(["-y", "-l", ""])).toMatchObject({ code: 2, stderr: expect.stringContaining("--all") });
  expect((await running()).length).toBe(2);
  expect(await run(["-y", "-l", "rack=r12", "-o", "name"])).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^gpu-0[12]\ngpu-0[12]\n$/),
  });
  const { id } = await client.startHive("gpu-03");
  expect(await run(["-y", "-"], `${id}\n`)).toMatchObject({ code: 0, stderr: "hivectl: 1 done\n" });
  await client.startHive("gpu-03");
  expect(await run(["-y", "--all"])).toMatchObject({ code: 0, stderr: "hivectl: 1 done\n" });
  expect(await running()).toEqual([]);
});

test("cancel asks before it ends anything", async () => {
  expect(await run(["gpu-01"])).toMatchObject({ code: 2, stderr: expect.stringContaining("--yes") });
  const type = (args: string[], keys: string) =>
    inTerminal(["cancel", ...args], { QUEEN_URL: queen.url }, { columns: 120 }, keys);
  const one = await type(["gpu-01"], "n\n");
  expect(one).toMatchObject({ code: 1, stdout: expect.stringContaining(`gpu-01 (${operations[0]}`) });
  expect((await type(["gpu-01", "gpu-02"], "y\n")).code).toBe(1);
  expect((await running()).length).toBe(2);
  expect((await type(["gpu-01", "gpu-02"], "2\n")).code).toBe(0);
  expect(await running()).toEqual([]);
});
