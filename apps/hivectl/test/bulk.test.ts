import { once } from "node:events";
import { QueenClient } from "@repo/queen-client";
import { beforeEach, expect, test } from "vitest";
import { queenProcesses } from "../../queen/test/queen-processes.ts";
import { until } from "../../queen/test/until.ts";
import { breakingProxy } from "./breaking-proxy.ts";
import { Hivectl, HivectlProcess, hivectl, inTerminal } from "./hivectl.ts";
import { queenForAll } from "./queen.ts";

const queen = queenForAll();
const queens = queenProcesses();
const IDS = ["gpu-01", "gpu-02", "gpu-03"];
const CORDON_ALL = ["cordon", "-y", "--all", "--reason", "x", "--parallel", "1"];
let client: QueenClient;

beforeEach(async () => {
  client = new QueenClient({ url: queen.url });
  for (const { hive } of (await client.listFleet()).hives) await client.removeHive(hive.id, { force: true });
  for (const id of IDS) await client.addHive({ id, host: "127.0.0.1", port: 1, labels: { rack: "r12" } });
});

const run = (args: string[], stdin?: string) => hivectl(args, { QUEEN_URL: queen.url }, stdin);
const type = (args: string[], keys: string) => inTerminal(args, { QUEEN_URL: queen.url }, { columns: 100 }, keys);
const linesOf = (text: string) =>
  text
    .trimEnd()
    .split("\n")
    .map((line) => line.split(/ {2,}/));
const allCordoned = async () => {
  const ids = new Set<string>();
  for await (const { cordons } of client.cordonPages({ limit: 1000 })) for (const one of cordons) ids.add(one.hive_id);
  return ids;
};
const cordoned = async () => (await client.listCordons()).cordons.map(({ hive_id }) => hive_id);

test("what is done to many is a line for each, and ends with a count", async () => {
  await client.cordonHive("gpu-02", { reason: "new fans" });
  const { code, stdout, stderr } = await run(["cordon", "-l", "rack=r12", "--reason=new fans", "-y", "--parallel=1"]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "hivectl: 2 done, 1 skipped\n" });
  expect(linesOf(stdout).map(([id, outcome]) => [id, outcome])).toEqual([
    ["ID", "OUTCOME"],
    ["gpu-02", "skipped"],
    ["gpu-01", "done"],
    ["gpu-03", "done"],
  ]);
  expect(await cordoned()).toEqual(IDS);
});

test("of one it asks yes or no, and says what would be done", async () => {
  const asked = /Cordon gpu-01 \(cordon until it is lifted\)\? \[y\/N\] /;
  const no = await type(["cordon", "gpu-01", "--reason", "new fans"], "n\n");
  expect(no).toMatchObject({ code: 1, stdout: expect.stringMatching(asked) });
  expect(no.stdout).toContain("nothing was done");
  expect(await cordoned()).toEqual([]);
  expect(await type(["cordon", "gpu-01", "--reason", "new fans"], "y\n")).toMatchObject({ code: 0 });
  expect(await cordoned()).toEqual(["gpu-01"]);
});

test("a terminal is asked for the reason of a cordon, once it is known to which hives, and before whether", async () => {
  const env = { QUEEN_URL: queen.url };
  const seen = { columns: 100, typedAfter: "Why? " };
  const one = await inTerminal(["cordon", "gpu-01"], env, seen, "new fans\n", ["[y/N] ", "y\n"]);
  expect(one).toMatchObject({ code: 0 });
  expect((await client.listCordons()).cordons).toMatchObject([{ hive_id: "gpu-01", reason: "new fans" }]);
  expect(await type(["cordon", "gpu-01"], "\n")).toMatchObject({ code: 2 });
  for (const [args, said] of [
    [["cordon", "nope"], "HIVE_NOT_FOUND"],
    [["cordon"], "say which hives"],
    [["cordon", "gpu-02", "--for", "soon"], "INVALID_ARGUMENT"],
    [["cordon", "gpu-02", "-y"], "--reason"],
    [["host-key", "forget", "nope"], "HIVE_NOT_FOUND"],
  ] as const) {
    const { stdout } = await type([...args], "");
    expect(stdout).toContain(said);
    expect(stdout).not.toMatch(/\? /);
  }
  expect(await cordoned()).toEqual(["gpu-01"]);
});

test("a cordon of several leaves a longer one, unless --overwrite says otherwise or the hive is named alone", async () => {
  const untilOf = async (id: string) => (await client.getHiveState(id)).cordon?.until_ms;
  await client.cordonHive("gpu-01", { reason: "broken" });
  const skipped = await run(["cordon", "-y", "-l", "rack=r12", "--reason", "fans", "--for", "2h"]);
  expect(skipped.stderr).toBe("hivectl: 2 done, 1 skipped\n");
  expect(skipped.stdout).toMatch(/^gpu-01 +skipped +is cordoned for longer, .*; --overwrite ends it sooner$/m);
  expect(await run(["cordon", "-y", "-", "--reason", "fans", "--for", "2h"], "gpu-01\n")).toMatchObject({
    stderr: "hivectl: 0 done, 1 skipped\n",
  });
  expect(await untilOf("gpu-01")).toBe(null);
  await run(["cordon", "-y", "-l", "rack=r12", "--reason", "fans", "--for", "2h", "--overwrite"]);
  expect(await untilOf("gpu-01")).toEqual(expect.any(Number));
  await client.cordonHive("gpu-01", { reason: "broken" });
  await run(["cordon", "-y", "gpu-01", "--reason", "fans", "--for", "2h"]);
  expect(await untilOf("gpu-01")).toEqual(expect.any(Number));
});

test("of several it lists them, and asks for their number", async () => {
  await client.cordonHive("gpu-02", { reason: "x" });
  const { code, stdout } = await type(["uncordon", "gpu-02", "gpu-01"], "y\n");
  expect({ code, stdout }).toMatchObject({ code: 1, stdout: expect.stringContaining("nothing was done") });
  expect(stdout).toContain("hivectl: you typed y, there is 1 hive\n");
  expect(stdout).toMatch(/^gpu-01 +would skip .*$/m);
  expect(stdout).toMatch(/Uncordon 1 hive\? Type their number to go on: /);
  expect(await cordoned()).toEqual(["gpu-02"]);
  expect((await type(["uncordon", "gpu-02", "gpu-01"], "1\n")).stdout).toContain("1 done, 1 skipped");
  expect(await cordoned()).toEqual([]);
});

test("Ctrl-C at a question ends it with 130, and says that nothing was done", async () => {
  for (const [args, question] of [
    [["remove", "gpu-01"], "[y/N]"],
    [["remove", ...IDS], "to go on:"],
  ] as const) {
    const seen = { columns: 100, typedAfter: question };
    const { code, stdout } = await inTerminal([...args], { QUEEN_URL: queen.url }, seen, "\x03");
    expect({ code, stdout }).toEqual({
      code: 130,
      stdout: expect.stringMatching(/\nhivectl: interrupted: nothing was done\n$/),
    });
  }
  expect((await client.listHives()).hives.length).toBe(IDS.length);
});

test("by force it asks for the number of one, too", async () => {
  expect(await type(["remove", "gpu-01", "--force"], "y\n")).toMatchObject({ code: 1 });
  expect(await type(["remove", "gpu-01", "--force"], "1\n")).toMatchObject({ code: 0 });
  expect(await client.listHives()).toMatchObject({ hives: [{ id: "gpu-02" }, { id: "gpu-03" }] });
});

test("without a terminal nothing is done until a flag answers", async () => {
  for (const [args, flag] of [
    [["remove", "gpu-01"], "--yes"],
    [["cordon", "gpu-01", "-y"], "--reason"],
  ] as const) {
    expect(await run([...args])).toEqual({ code: 2, stdout: "", stderr: expect.stringContaining(flag) });
  }
  expect((await client.listHives()).hives.length).toBe(3);
});

test("what is wrong is said first, and what would be asked for last, all at once", async () => {
  for (const [args, code, said] of [
    [["cordon", "gpu-01", "--for", "soon"], 2, /^hivectl: INVALID_ARGUMENT: .*for/],
    [["cordon", "nope"], 1, /^hivectl: 0 done, 1 failed: nope HIVE_NOT_FOUND\n/],
    [["remove", "nope"], 1, /^hivectl: 0 done, 1 failed: nope HIVE_NOT_FOUND\n/],
    [["cancel", "nope"], 1, /^hivectl: 0 done, 1 failed: nope HIVE_NOT_FOUND\n/],
    [["confirm-missing"], 0, /nothing to confirm\n$/],
    [["cordon", "gpu-01", "--for", "2h"], 2, /^hivectl: cordon asks .*: --reason and --yes answer\n$/],
    [["cordon", "gpu-01", "--reason", "x"], 2, /^hivectl: cordon asks .*: --yes answers\n$/],
  ] as const) {
    expect({ args, ...(await run([...args])) }).toMatchObject({ args, code, stderr: expect.stringMatching(said) });
  }
  expect(await cordoned()).toEqual([]);
});

test.each([
  [["remove", "-y"], "say which hives"],
  [["remove", "-y", "gpu-01", "-l", "rack=r12"], "not both"],
  [["remove", "-y", "gpu-01", "--all"], "not both"],
  [["remove", "-y", "--all", "--status", "offline"], "not both"],
  [["remove", "-y", "--force", "-l", ""], "--all"],
  [["remove", "-y", "--status", "unknown", "-l", " "], "--all"],
  [["remove", "-y", "-l", "rack=r12", "-l", ""], "--all"],
  [["cordon", "-y", "gpu-01", "--reason", "x", "--for", "2h", "--until", "2030-01-01T00:00Z"], "not both"],
  [["remove", "-y", "gpu-01", "--parallel", "17"], "from 1 to 16"],
])("called wrongly, %j says %s", async (args, said) => {
  expect(await run(args)).toEqual({ code: 2, stdout: "", stderr: expect.stringContaining(said) });
});

test("what fails keeps none of the others back, and the exit code says whether some were done", async () => {
  const { code, stdout, stderr } = await run(["remove", "-y", "gpu-01", "nope"]);
  expect({ code, stderr }).toEqual({
    code: 3,
    stderr: expect.stringMatching(/^hivectl: 1 done, 1 failed: nope HIVE_NOT_FOUND\nhivectl: .* events nope`.*\n$/),
  });
  expect(stdout).toMatch(/^nope +failed +HIVE_NOT_FOUND: There is no hive "nope"$/m);
  expect(await run(["remove", "-y", "nope"])).toMatchObject({ code: 1 });
  expect(await run(["cordon", "-y", "-l", "rack=r99", "--reason", "x"])).toEqual({
    code: 0,
    stdout: "",
    stderr: "hivectl: no hive is as asked for: nothing to do\n",
  });
  expect(await run(["cordon", "-y", "gpu-02", "--reason", "x", "--for", "soon"])).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/^hivectl: INVALID_ARGUMENT: .*\bfor\b.*\nhivectl: as in --for 30m,/),
  });
});

test("several that fail are told by why: each has its line, and on stderr where stdout has names alone", async () => {
  const { code, stderr } = await run(["remove", "-y", "no1", "no2", "no3"]);
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: expect.stringMatching(/^hivectl: 0 done, 3 failed: HIVE_NOT_FOUND\nhivectl: .* events ID`.*\n$/),
  });
  const names = await run(["label", "-y", "-o", "name", "gpu-01", "gpu-02", "no1", "rack=r11"]);
  expect(names).toMatchObject({ code: 1, stdout: "" });
  expect(names.stderr.split("\n")).toEqual(
    expect.arrayContaining([
      'hivectl: no1: HIVE_NOT_FOUND: There is no hive "no1"',
      expect.stringMatching(
        /^hivectl: gpu-01: INVALID_HIVE: .*rack is "r12", and overwrite is false; --overwrite replaces it$/,
      ),
      "hivectl: 0 done, 3 failed: 2 INVALID_HIVE, 1 HIVE_NOT_FOUND",
    ]),
  );
});

test("of a hive that is online, remove says that its agent goes on to beat", async () => {
  await client.changeHive("gpu-02", { status: "online" });
  const one = await run(["remove", "-y", "gpu-01", "gpu-02"]);
  expect(one.stderr).toMatch(/^hivectl: gpu-02 is online: its agent runs on, .*\nhivectl: 2 done\n$/);
  for (const id of ["o1", "o2"]) await client.addHive({ id, host: "127.0.0.1", port: 1, status: "online" });
  const several = await type(["remove", "o1", "o2", "gpu-03"], "\n");
  expect(several.stdout).toMatch(/2 are online: their agents run on, .*: o1, o2\n.*Remove 3 hives\?/s);
});

test("as data each hive is as the queen says it; names are those that did not fail", async () => {
  const json = await run(["cordon", "-y", "--reason", "x", "--for", "2h", "-o", "json", "-"], "gpu-01\nnope\n");
  const all = JSON.parse(json.stdout);
  expect(all).toMatchObject({
    hives: [
      { hive_id: "nope", outcome: "failed", problem: { code: "HIVE_NOT_FOUND" } },
      { hive_id: "gpu-01", outcome: "done", detail: expect.stringMatching(/^cordon until 2/) },
    ],
    counts: { done: 1, failed: 1, skipped: 0 },
  });
  expect(Object.keys(all.hives[0])).toEqual(Object.keys(all.hives[1]));
  const names = await run(["uncordon", "-y", "-o", "name", "gpu-01", "nope", "gpu-02"]);
  expect(names).toMatchObject({ code: 3, stdout: "gpu-02\ngpu-01\n" });
});

test("more than go into one request are done all the same, and Ctrl-C says how far it came", async () => {
  const hives = Array.from({ length: 1100 }, (_, at) => ({ id: `x${at}`, host: "127.0.0.1", port: 1 }));
  for (const part of [hives.slice(0, 550), hives.slice(550)]) for await (const _ of client.addHives(part));
  const running = new HivectlProcess(CORDON_ALL, { QUEEN_URL: queen.url });
  await once(running.child.stdout, "data");
  running.child.kill("SIGINT");
  const { code, stdout, stderr } = await running.end();
  expect(code).toBe(130);
  const [, done = 0, notKnown = 0, notDone = 0] = (
    /^hivectl: interrupted: (\d+) done, (\d+) not known, (\d+) not done; what had begun is finished all the same\nhivectl: of what is not known, look .*\n$/.exec(
      stderr,
    ) ?? []
  ).map(Number);
  // Of the first request each is done or not known, with its line, and of the second none was asked for.
  expect([done + notKnown, notDone]).toEqual([1000, 103]);
  const ids = (outcome: RegExp) => linesOf(stdout).flatMap(([id, said]) => (outcome.test(said ?? "") ? [id] : []));
  expect([ids(/^done$/).length, ids(/^not known$/).length]).toEqual([done, notKnown]);
  const now = await allCordoned();
  expect(ids(/^done$/).filter((id) => !now.has(id ?? ""))).toEqual([]);
  const said = new Set(ids(/^(?:done|not known)$/));
  expect([...now].filter((id) => !said.has(id))).toEqual([]);
  const again = await run(["cordon", "-y", "--all", "--reason", "x", "--parallel", "16", "-o", "name"]);
  expect((again.stderr.match(/\d+/g) ?? []).reduce((sum, count) => sum + Number(count), 0)).toBe(1103);
  expect(await run(["remove", "-y", "-l", "!rack", "-q", "-o", "name"])).toMatchObject({ code: 0, stderr: "" });
});

test("when the queen is killed in the middle, it says how far it came, and that the rest is not known", async () => {
  const other = queens.start();
  const url = await other.origin();
  const many = Array.from({ length: 1000 }, (_, at) => ({ id: `x${at}`, host: "127.0.0.1", port: 1 }));
  for await (const _ of new QueenClient({ url }).addHives(many));
  const running = new Hivectl([...CORDON_ALL, "-o", "json"], { QUEEN_URL: url });
  await until("it has begun", () => running.stdout !== "");
  await other.kill("SIGKILL");
  const { code, stdout, stderr } = await running.end();
  const { hives, counts } = JSON.parse(stdout);
  expect({ code, lines: hives.length }).toEqual({ code: 3, lines: 1000 });
  expect(counts).toMatchObject({ done: expect.any(Number), not_known: 1000 - counts.done, not_done: 0 });
  expect(hives.at(-1)).toMatchObject({ outcome: "not_known", problem: null });
  expect(stderr).toMatch(
    /^hivectl: the answer broke off: \d+ done, \d+ not known\nhivectl: of what is not known, look .*\nhivectl: .*\nhivectl: is a queen at /,
  );
});

test("what was not answered in time is not known, and of what reached no queen it is known that it is not done", async () => {
  const proxy = await breakingProxy(queen.url);
  let goOn: () => void = () => undefined;
  const held = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  const isDone = ({ url }: { url?: string | undefined }) => url?.includes("actions") && !url.includes("dry_run");
  proxy.beforeAnswers((asked) => (isDone(asked) ? held : undefined));
  const cordon = (...args: string[]) =>
    hivectl(["cordon", "-y", "gpu-01", "--reason", "x", ...args], { QUEEN_URL: proxy.url });
  const late = await cordon("--timeout", "2s");
  expect(late).toMatchObject({
    code: 1,
    stdout: expect.stringMatching(/^gpu-01 +not known +it was asked for, and no answer came$/m),
    stderr: expect.stringMatching(/^hivectl: no answer came in time: 0 done, 1 not known\nhivectl: of what is not /),
  });
  expect(await cordoned()).toEqual(["gpu-01"]);
  goOn();
  await client.uncordonHive("gpu-01");
  proxy.beforeAnswers(() => proxy.close());
  expect(await cordon()).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^hivectl: no queen was reached: 0 done, 1 not done\nhivectl: .*ECONNREFUSED/),
  });
  expect(await cordoned()).toEqual([]);
});
