import { QueenClient, type Schema } from "@repo/queen-client";
import { beforeAll, expect, test } from "vitest";
import { until } from "../../queen/test/until.ts";
import { breakingProxy } from "./breaking-proxy.ts";
import { hivectl, inTerminal } from "./hivectl.ts";
import { queenForAll } from "./queen.ts";
import { silentServer } from "./silent-server.ts";

const queen = queenForAll();
const IDS = ["a", "b", "c", "d", "e", "f"];
/** The newest first. */
let operations: Schema<"Operation">[];

beforeAll(async () => {
  const client = new QueenClient({ url: queen.url });
  for (const id of IDS) await client.addHive({ id, host: "127.0.0.1", port: 1 });
  // Of a and b in turns, so that those of one do not stand together.
  for (const hive of ["a", "b", "a", "b", "c"]) {
    const { id } = await client.stopHive(hive);
    await until("it has ended", async () => (await client.getOperation(id)).finished_at_ms !== null);
  }
  operations = (await client.listOperations()).operations;
});

test("what is done to many says in its last line the codes alone of the operations that failed", async () => {
  const stop = async (...hives: string[]) =>
    (await hivectl(["stop", "-y", ...hives], { QUEEN_URL: queen.url })).stderr.split("\n").at(-2);
  expect(await stop("d")).toBe("hivectl: 0 done, 1 failed: d AGENT_STARTED_ELSEWHERE");
  expect(await stop("d", "e")).toBe("hivectl: 0 done, 2 failed: AGENT_STARTED_ELSEWHERE");
});

const run = (...args: string[]) => hivectl(["get", "operations", ...args], { QUEEN_URL: queen.url });
const idsOf = (...hives: string[]) =>
  operations.filter(({ hive_id }) => hives.includes(hive_id)).map(({ id }) => `${id}\n`);

test("what cannot be done to a hive names the command that mends it, and no request", async () => {
  const client = new QueenClient({ url: queen.url });
  await client.addHive({ id: "away", host: "10.4.4.4", port: 8600 });
  const of = async (...args: string[]) => (await hivectl([...args, "-y"], { QUEEN_URL: queen.url })).stderr;
  expect(await of("install", "away")).toMatch(/HIVE_NOT_MANAGED\nhivectl: `hivectl set away --ssh-host HOST` says/);
  await using silent = await silentServer();
  const ssh = { ssh_host: "127.0.0.1", ssh_port: silent.port };
  await client.addHive({ id: "held", host: "127.0.0.1", port: 1, ...ssh });
  await client.startHive("held");
  expect(await of("remove", "held")).toMatch(/OPERATION_IN_PROGRESS\nhivectl: `hivectl cancel held` ends it\n$/);
});

test("those of several hives stand together, the newest first, and a limit is of all of them", async () => {
  expect(await run("b", "a", "-o", "name")).toEqual({ code: 0, stdout: idsOf("a", "b").join(""), stderr: "" });
  expect((await run("b", "a", "--limit", "3", "-o", "name")).stdout).toBe(idsOf("a", "b").slice(0, 3).join(""));
  const { stdout } = await run("c", "a", "--columns", "hive", "--no-headers");
  expect(stdout).toBe("c\na\na\n");
  expect(JSON.parse((await run("c", "b", "-o", "json")).stdout)).toEqual({
    operations: operations.filter(({ hive_id }) => hive_id !== "a"),
  });
  expect((await run("a", "b", "--state", "succeeded")).stderr).toBe("hivectl: no operation is as asked for\n");
});

test.each([
  [["a", "nope", "c"], 3, ["nope"]],
  [["-", "gone"], 3, ["nope", "gone"]],
  [["nope", "gone", "nope"], 1, ["nope", "gone"]],
])("of %j the exit code is %i, and each that is not there is named once", async (args, exitCode, missing) => {
  const asked = ["get", "operations", ...args, "-o", "name"];
  const { code, stdout, stderr } = await hivectl(asked, { QUEEN_URL: queen.url }, "a\nnope\nc\n");
  expect(code).toBe(exitCode);
  expect(stdout).toBe(exitCode === 3 ? idsOf("a", "c").join("") : "");
  const said = missing.map((id) => `hivectl: HIVE_NOT_FOUND: There is no hive "${id}"\n`).join("");
  expect(stderr).toBe(exitCode === 3 ? said : `${said}hivectl: no operation is as asked for\n`);
});

test("a hive that was removed is there, with what was done to it, and one without operations is no failure", async () => {
  const client = new QueenClient({ url: queen.url });
  await client.removeHive("c");
  expect(await run("c", "f", "-o", "name")).toEqual({ code: 0, stdout: idsOf("c").join(""), stderr: "" });
});

test("the step of one that failed is that at which it did, and what was skipped behind it is none", async () => {
  const client = new QueenClient({ url: queen.url });
  await client.addHive({ id: "far", host: "127.0.0.1", port: 1, ssh_host: "127.0.0.1", ssh_port: 1 });
  const { id } = await client.startHive("far");
  await until("it has ended", async () => (await client.getOperation(id)).finished_at_ms !== null);
  expect((await client.getOperation(id)).steps.at(-1)).toMatchObject({ state: "skipped" });
  expect((await run("far", "--columns", "state,step", "--no-headers")).stdout).toMatch(/^failed +connect\n$/);
});

test("each hive is one request, and no more than four are under way at a time", async () => {
  const proxy = await breakingProxy(queen.url);
  const { stderr } = await hivectl(["get", "operations", ...IDS, "-v"], { QUEEN_URL: proxy.url });
  expect(proxy.mostAtOnce()).toBeLessThanOrEqual(4);
  const asked = stderr.match(/hive_id=(\w)/g) ?? [];
  expect(asked.toSorted()).toEqual(IDS.map((id) => `hive_id=${id}`));
});

test("several states and kinds are asked for by commas, in any case", async () => {
  const failed = async (...args: string[]) =>
    (await run("--state", "Failed,interrupted", ...args, "-o", "name")).stdout;
  const all = await failed();
  expect(all.split("\n")).toEqual(expect.arrayContaining(operations.map(({ id }) => id)));
  expect(await failed("--kind", "stop,start")).toBe(all);
  expect(await failed("--kind", "install,restart")).toBe("");
  expect(await run("--state", "failed,lost")).toMatchObject({ code: 2, stderr: expect.stringContaining('got "lost"') });
});

test("in a narrow terminal why an operation failed stays, and how it goes", async () => {
  const env = { QUEEN_URL: queen.url, NO_COLOR: "1" };
  const { stdout } = await inTerminal(["get", "operations", "a"], env, { columns: 60 });
  expect(stdout).toMatch(/^ID +HIVE +KIND +STATE +PROBLEM\n/);
});
