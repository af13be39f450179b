import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { QueenClient } from "@repo/queen-client";
import { expect, test } from "vitest";
import { storeOddHive } from "../../queen/test/odd-hive.ts";
import { queenProcesses } from "../../queen/test/queen-processes.ts";
import { until } from "../../queen/test/until.ts";
import { breakingProxy } from "./breaking-proxy.ts";
import { Hivectl, HivectlProcess, hivectl, inTerminal } from "./hivectl.ts";
import { queenForAll } from "./queen.ts";
import { silentServer } from "./silent-server.ts";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

const HIVE = { host: "127.0.0.1", port: 1 };
const queen = queenForAll();
const queens = queenProcesses();

const client = () => new QueenClient({ url: queen.url });
const wait = (...args: string[]) => hivectl(["wait", ...args], { QUEEN_URL: queen.url });

/** One that follows events already; -v says so. */
async function waiting(url: string, ...args: string[]) {
  const running = new Hivectl(["wait", "-v", ...args], { QUEEN_URL: url });
  await untilFollows(running);
  return running;
}
const untilFollows = (running: Hivectl | HivectlProcess) =>
  until("it follows the events", () => running.stderr.includes("/v1/events"));

test("it ends when all are so, and says each as it becomes so", async () => {
  await client()
    .addHives([
      { ...HIVE, id: "a1" },
      { ...HIVE, id: "a2", status: "online" },
    ])
    .next();
  await client().addHive({ ...HIVE, id: "a3", labels: { rack: "r9" } });
  // Longer than any timer.
  const running = await waiting(queen.url, "a1", "a2", "-o", "jsonl", "--timeout", "60d");
  expect(running.stdout).toBe('{"hive_id":"a2","is":"online"}\n');
  await client().changeHive("a3", { status: "online" });
  await client().changeHive("a1", { status: "online" });
  const { code, stdout } = await running.end();
  expect({ code, stdout }).toEqual({
    code: 0,
    stdout: '{"hive_id":"a2","is":"online"}\n{"hive_id":"a1","is":"online"}\n',
  });
});

test("it waits for a cordon, for its end and for a removal, of hives by their labels", async () => {
  const labels = { rack: "r1" };
  for (const id of ["b1", "b2"]) await client().addHive({ ...HIVE, id, labels });
  const byLabel = async (condition: string, change: (id: string) => Promise<unknown>) => {
    const running = await waiting(queen.url, "-l", "rack=r1", "--for", condition, "-o", "name");
    for (const id of ["b1", "b2"]) await change(id);
    const { code, stdout } = await running.end();
    expect({ code, stdout }).toEqual({ code: 0, stdout: "b1\nb2\n" });
  };
  await byLabel("cordoned", (id) => client().cordonHive(id, { reason: "new fans" }));
  await byLabel("uncordoned", (id) => client().uncordonHive(id));
  await byLabel("removed", (id) => client().removeHive(id));
  expect(await wait("b1", "b2", "--for", "removed", "-o", "name")).toEqual({
    code: 0,
    stdout: "b1\nb2\n",
    stderr: "",
  });
});

test("a hive whose id another program gave a comma is followed among all, and is not asked for again and again", async () => {
  await storeOddHive(`${queen.folder}/hives.db`, "odd,one");
  const running = await waiting(queen.url, "odd,one", "--for", "cordoned");
  await client().cordonHive("odd,one", { reason: "new fans" });
  const { code, stderr } = await running.end();
  expect({ code, refused: stderr.match(/.* → 400/g) }).toEqual({ code: 0, refused: null });
});

test("what can no longer be ends it with 1, and time that is up with 5: each says why", async () => {
  expect(await wait("c0")).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/c0 is not online: .*HIVE_NOT_FOUND/),
  });
  await client().addHive({ ...HIVE, id: "c1" });
  const running = await waiting(queen.url, "c1");
  await client().removeHive("c1");
  expect(await running.end()).toMatchObject({ code: 1, stderr: expect.stringMatching(/c1 is not online: .*removed/) });
  await client().addHive({ ...HIVE, id: "c2", status: "offline" });
  // Also where another one, which is looked at later, can still be.
  expect(await wait("c0", "c2")).toMatchObject({ code: 1 });
  expect(await wait("c2", "--timeout", "3s")).toEqual({
    code: 5,
    stdout: "",
    stderr: expect.stringMatching(
      /^hivectl: c2 is not online: it is offline: .*\nhivectl: time is up after .*--timeout/,
    ),
  });
});

test("a filter that chooses no hive ends it with 1, unless they are to be removed, and stdin that is empty with 0", async () => {
  expect(await wait("-l", "rack=typo")).toEqual({
    code: 1,
    stdout: "",
    stderr: "hivectl: no hive is as asked for: there is nothing to wait for\n",
  });
  expect(await wait("-l", "rack=typo", "--for", "removed")).toMatchObject({ code: 0, stdout: "" });
  expect(await wait("-")).toMatchObject({ code: 0, stdout: "" });
});

test("its time may be of several units, and is said as it was given", async () => {
  await client().addHive({ ...HIVE, id: "c3" });
  expect(await wait("c3", "--timeout", "1s500ms")).toMatchObject({
    code: 5,
    stderr: expect.stringContaining("time is up after 1s500ms"),
  });
});

test("its time ends whatever was collected meanwhile", async () => {
  await client().addHive({ ...HIVE, id: "c4" });
  const running = await waiting(queen.url, "c4", "--timeout", "1s");
  collectGarbage();
  expect(await running.end()).toMatchObject({ code: 5 });
});

test("Ctrl-C ends it with 130, and says what was still waited for", async () => {
  await client().addHive({ ...HIVE, id: "d1" });
  const running = new HivectlProcess(["wait", "-v", "d1", "--for", "cordoned"], { QUEEN_URL: queen.url });
  await untilFollows(running);
  running.child.kill("SIGINT");
  expect(await running.end()).toMatchObject({
    code: 130,
    stderr: expect.stringContaining("d1 is not cordoned: no cordon is in force"),
  });
});

test.each([[["e1", "--for", "happy"]], [[]], [["e1", "-l", "rack=r1"]], [["e1", "--for", "op=x"]]])(
  "wait %j is a wrong call",
  async (args) => expect(await wait(...args)).toMatchObject({ code: 2, stdout: "" }),
);

test("an operation that failed makes it impossible, and one that there is none of too", async () => {
  // Nothing listens there.
  await client().addHive({ ...HIVE, id: "f1", ssh_host: "127.0.0.1", ssh_port: 1 });
  const { id } = await client().startHive("f1");
  const failed = await wait("--for", `op=${id}`);
  expect(failed).toMatchObject({
    code: 1,
    stdout: "",
    stderr: expect.stringMatching(/^hivectl: start of f1 is failed: /),
  });
  expect(await wait("--for", "op=none")).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("OPERATION_NOT_FOUND"),
  });
});

test.each([
  ["cordoned", (queen: QueenClient) => queen.cordonHive("a", { reason: "new fans" })],
  ["removed", (queen: QueenClient) => queen.removeHive("a")],
])("over a restart of the queen it goes on, and sees that the hive was %s meanwhile", async (condition, change) => {
  const first = await queens.open();
  const { url } = first;
  await new QueenClient({ url }).addHive({ ...HIVE, id: "a" });
  const running = await waiting(url, "a", "--for", condition);
  await first.stop();
  await until("it knows", () => running.stderr.includes("the queen is away"));
  const between = await queens.open();
  await change(new QueenClient({ url: between.url }));
  await between.stop();
  await queens.open({ QUEEN_PORT: new URL(url).port });
  expect(await running.end()).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(new RegExp(`^a +${condition}$`, "m")),
  });
});

test("it begins while the queen is away, and follows her once she is there", async () => {
  const first = await queens.open();
  const { url } = first;
  await new QueenClient({ url }).addHive({ ...HIVE, id: "a", labels: { rack: "r1" } });
  await new QueenClient({ url }).cordonHive("a", { reason: "new fans" });
  await first.stop();
  const waits = [["a"], ["-l", "rack=r1"]].map(
    (chosen) => new Hivectl(["wait", ...chosen, "--for", "cordoned", "-o", "name"], { QUEEN_URL: url }),
  );
  await until("they know", () => waits.every(({ stderr }) => stderr.includes("the queen is away")));
  const ends = Promise.all(waits.map((one) => one.end()));
  await queens.open({ QUEEN_PORT: new URL(url).port });
  const met = expect.objectContaining({ code: 0, stdout: "a\n" });
  expect(await ends).toEqual([met, met]);
});

test.each([[["a"]], [["-l", "rack=r1"]], [["--for", "op=start-1"]]])(
  "of a queen who hangs, wait %j says that she does not answer, and ends with 5",
  async (args) => {
    await using silent = await silentServer();
    const env = { QUEEN_URL: `http://127.0.0.1:${silent.port}` };
    expect(await hivectl(["wait", ...args, "--timeout", "1s"], env)).toMatchObject({
      code: 5,
      stderr: expect.stringMatching(/hivectl: .*the queen does not answer\nhivectl: time is up after 1s/),
    });
  },
);

test("a queen who dies again before she has said how things are is away, and no end", async () => {
  const first = await queens.open();
  const { url } = first;
  await new QueenClient({ url }).addHive({ ...HIVE, id: "a" });
  const proxy = await breakingProxy(url);
  const running = await waiting(proxy.url, "a", "--for", "cordoned", "-o", "name");
  await first.stop();
  await until("it knows", () => running.stderr.includes("the queen is away"));
  proxy.breakOnce(/^\/v1\/fleet/);
  await queens.open({ QUEEN_PORT: new URL(url).port });
  await new QueenClient({ url }).cordonHive("a", { reason: "new fans" });
  expect(await running.end()).toMatchObject({
    code: 0,
    stdout: "a\n",
    stderr: expect.stringMatching(/the queen is away \(\S+ cannot be reached/),
  });
});

test.each([60, 80, 200])(
  "in %i columns each line of wait fits, and its columns stand one below the other",
  async (columns) => {
    const ids = [`g-${columns}`, `g-${columns}-of-a-name-as-long-as-people-write-them`];
    for (const id of ids) await client().addHive({ ...HIVE, id, status: "online" });
    for (const env of [{ NO_COLOR: "1" }, {}]) {
      const { code, stdout } = await inTerminal(["wait", ...ids], { QUEEN_URL: queen.url, ...env }, { columns });
      const lines = stdout.trimEnd().split("\n");
      expect(code).toBe(0);
      expect(lines.filter((line) => line.length > columns || line.includes("\x1b"))).toEqual([]);
      expect(new Set(lines.map((line) => line.search(/(?:IS|online)$/))).size).toBe(1);
    }
  },
);
