import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { QueenClient } from "@repo/queen-client";
import { closedPort } from "@repo/test-support/closed-port";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import { breakingProxy } from "./breaking-proxy.ts";
import { hivectl } from "./hivectl.ts";
import { queenForAll } from "./queen.ts";

const queen = queenForAll();
let client: QueenClient;

beforeAll(() => {
  client = new QueenClient({ url: queen.url });
});

const run = (args: string[], stdin?: string) => hivectl(args, { QUEEN_URL: queen.url }, stdin);
const labels = async (id: string) => (await client.getHive(id)).labels;

test("add takes one hive by its flags", async () => {
  const flags = "--host 10.0.1.17 --ssh-host 10.0.1.18 --ssh-user admin --label rack=r12 --label spare".split(" ");
  expect(await run(["add", "one", ...flags])).toEqual({
    code: 0,
    stdout: "one  added\n",
    stderr: expect.stringContaining("`hivectl describe hive one`"),
  });
  expect((await run(["add", "zero", ...flags])).stderr).toContain("`hivectl install zero`");
  const hive = await client.getHive("one");
  expect(hive).toMatchObject({ host: "10.0.1.17", port: 8600, ssh_host: "10.0.1.18", ssh_user: "admin" });
  expect(hive.labels).toEqual({ rack: "r12", spare: "" });
  const two = await run(["add", "two", "--host", "h", "--json"]);
  expect(JSON.parse(two.stdout)).toMatchObject({ id: "two" });
  expect(two.stderr).toContain("`hivectl set two --ssh-host HOST`");
  expect(two.stderr).not.toContain("install two");
  expect((await run(["add", "own", "--host", "127.0.0.1"])).stderr).toContain("`hivectl start own`");
  expect(await run(["add", "one", "--host", "h"])).toEqual({
    code: 1,
    stdout: "",
    stderr: expect.stringMatching(
      /^hivectl: HIVE_ALREADY_EXISTS: .*\nhivectl: `hivectl describe hive one` shows it, and `hivectl set one` changes it\n$/,
    ),
  });
  for (const args of [
    [],
    ["x"],
    ["x", "--host", "h", "--port", "0"],
    ["x", "--host", "h", "--label", "=a"],
    ["x", "--host", "h", "--label", "a=1", "--label", "a=2"],
    ["-", "--host", "h"],
  ]) {
    expect(await run(["add", ...args])).toMatchObject({ code: 2 });
  }
  expect((await run(["add"], "one 10.0.1.17")).stderr).toContain("`hivectl add -`");
});

test.each([
  [["set", "one", "--host", "a b"]],
  [["add", "four", "--host", "http://10.0.1.1"]],
  [["add", "a/b", "--host", "h"]],
  [["label", "one", "a b=c", "-y"]],
  [["cordon", "one", "--reason", "", "-y"]],
  [["wait", "--for", "op="]],
])("what cannot be read is a wrong call: %j", async (args) => {
  expect(await run(args)).toMatchObject({ code: 2, stdout: "" });
});

test("add - takes many from stdin, as words or as JSON, and says of each line what came of it", async () => {
  const lines = [
    "# the first rack",
    "w1 10.0.2.1 rack=r1",
    "w2 10.0.2.2:8700 rack=r1 env=dev",
    "w3 [fd00::3]:8701",
    "w4 fd00::4",
    "",
    '{"id":"j1","host":"10.0.2.9","port":8702,"labels":{"env":"dev"}}',
    "alone",
    "{no json",
    "w1 10.0.2.1",
    "bad/id 10.0.2.1",
    "twice 10.0.2.1 rack=r1 rack=r2",
  ];
  const { code, stdout, stderr } = await run(["add", "-", "--label", "env=prod", "--port", "8650"], lines.join("\n"));
  expect(code).toBe(3);
  const said = stdout
    .trimEnd()
    .split("\n")
    .slice(1)
    .map((line) =>
      line
        .split(/\s{2,}/)
        .slice(0, 3)
        .join(" "),
    );
  expect(said).toEqual([
    "8 - failed",
    "9 - failed",
    "12 - failed",
    "2 w1 added",
    "3 w2 added",
    "4 w3 added",
    "5 w4 added",
    "7 j1 added",
    "10 w1 failed",
    "11 bad/id failed",
  ]);
  expect(stderr).toBe(
    "hivectl: 5 added, 5 failed: 3 INVALID_LINE, 1 HIVE_ALREADY_EXISTS, 1 INVALID_HIVE\nhivectl: --if-missing passes over those that are there already\n",
  );
  expect(await client.getHive("w1")).toMatchObject({ port: 8650, labels: { rack: "r1", env: "prod" } });
  expect(await client.getHive("w2")).toMatchObject({ port: 8700, labels: { rack: "r1", env: "dev" } });
  expect(await client.getHive("w3")).toMatchObject({ host: "fd00::3", port: 8701 });
  expect(await client.getHive("w4")).toMatchObject({ host: "fd00::4", port: 8650 });
  expect(await client.getHive("j1")).toMatchObject({ port: 8702, labels: { env: "dev" } });
  expect(await run(["add", "-"], "alone\n")).toMatchObject({ code: 1 });
});

test("with --if-missing a list can be added again: what is there already stays as it is", async () => {
  const list = "again1 10.0.4.1\nagain2 10.0.4.2\n";
  expect(await run(["add", "-"], list)).toMatchObject({ code: 0, stderr: "hivectl: 2 added\n" });
  expect(await run(["add", "-"], list)).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^hivectl: 0 added, 2 failed: HIVE_ALREADY_EXISTS\nhivectl: --if-missing /),
  });
  const again = await run(["add", "-", "--if-missing"], `${list}again3 10.0.4.3\n`);
  expect(again).toMatchObject({ code: 0, stderr: "hivectl: 1 added, 2 skipped\n" });
  expect(again.stdout).toMatch(/^1 +again1 +skipped +is there already$/m);
  expect(await run(["add", "again1", "--host", "h", "--if-missing"])).toEqual({
    code: 0,
    stdout: "again1  skipped\n",
    stderr: "",
  });
  expect(await client.getHive("again1")).toMatchObject({ host: "10.0.4.1" });
});

test("more than go into one request are added all the same, as data or as names", async () => {
  const lines = Array.from({ length: 1002 }, (_, at) => `m${at} 10.0.3.1`).join("\n");
  const { code, stdout } = await run(["add", "-", "-o", "json"], `${lines}\nm0 10.0.3.1`);
  const { hives, ...counts } = JSON.parse(stdout);
  expect({ code, counts, last: hives.at(-1) }).toEqual({
    code: 3,
    counts: { added: 1002, skipped: 0, failed: 1, not_known: 0, not_added: 0 },
    last: {
      line: 1003,
      id: "m0",
      outcome: "failed",
      problem: expect.objectContaining({ code: "HIVE_ALREADY_EXISTS" }),
    },
  });
  expect(await run(["add", "-", "-o", "name"], "n1 h\nm1 h\n")).toMatchObject({
    code: 3,
    stdout: "n1\n",
    stderr: expect.stringMatching(/^hivectl: line 2 m1: HIVE_ALREADY_EXISTS: /),
  });
});

test("of lines that reached no queen it is known that none was added; of those without an answer it is not known", async () => {
  await using closed = await closedPort();
  const nobody = await hivectl(["add", "-", "-o", "json"], { QUEEN_URL: closed.url }, "u1 h\nu2 h\n");
  expect(JSON.parse(nobody.stdout)).toMatchObject({ hives: [], added: 0, not_known: 0, not_added: 2 });
  expect(nobody).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^hivectl: no queen was reached: 0 added, 2 not added\nhivectl: .*ECONNREFUSED/),
  });
  const proxy = await breakingProxy(queen.url);
  proxy.breakOnce(/hives/);
  expect(await hivectl(["add", "-"], { QUEEN_URL: proxy.url }, "alone\nu1 h\nu2 h\n")).toMatchObject({
    code: 1,
    stdout: expect.stringMatching(/^1 +- +failed .*\n2 +u1 +not known .*\n3 +u2 +not known /m),
    stderr: expect.stringMatching(
      /^hivectl: the answer broke off: 0 added, 2 not known, 1 failed: line 1 INVALID_LINE\nhivectl: of what is not known, look /,
    ),
  });
  // Of more than go into one request the last were not asked for.
  proxy.breakOnce(/hives/);
  const lines = Array.from({ length: 1001 }, (_, at) => `v${at} h`).join("\n");
  const many = await hivectl(["add", "-", "-o", "json"], { QUEEN_URL: proxy.url }, lines);
  expect(JSON.parse(many.stdout)).toMatchObject({ added: 0, not_known: 1000, not_added: 1 });
});

test("of what a proxy turned away, or would lead elsewhere, it is known that it is not done; of what it got no answer to, it is not", async () => {
  for (const [status, outcome, next] of [
    [301, "no queen was reached: 0 added, 1 not added", "is a queen at "],
    [403, "no queen was reached: 0 added, 1 not added", "asks for a login of its own"],
    [413, "no queen was reached: 0 added, 1 not added", "is a queen at "],
    [429, "no queen was reached: 0 added, 1 not added", "is a queen at "],
    [504, "the answer broke off: 0 added, 1 not known", "does she run?"],
  ] as const) {
    const proxy = createServer((_, response) => void response.writeHead(status, { location: "/elsewhere" }).end());
    onTestFinished(() => void proxy.close());
    await once(proxy.listen(0, "127.0.0.1"), "listening");
    const QUEEN_URL = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    const many = await hivectl(["add", "-"], { QUEEN_URL }, "u1 h\n");
    const one = await hivectl(["add", "u1", "--host", "h"], { QUEEN_URL });
    expect([many.code, one.code]).toEqual([1, 1]);
    expect(many.stderr).toContain(`hivectl: ${outcome}\n`);
    expect(one.stderr.includes("whether u1 was added is not known"), `${status}`).toBe(status === 504);
    expect(one.stderr, `${status}`).toContain(next);
  }
});

test("what only reads goes on where a proxy ends its connection before the answer", async () => {
  let asked = 0;
  const proxy = createServer((request, response) => {
    if (asked++ === 0) request.socket.resetAndDestroy();
    else response.setHeader("content-type", "application/json").end('{"models":[],"next_after":null}');
  });
  onTestFinished(() => void proxy.close());
  await once(proxy.listen(0, "127.0.0.1"), "listening");
  const QUEEN_URL = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  expect((await hivectl(["get", "models"], { QUEEN_URL })).code).toBe(0);
  expect(asked).toBe(2);
});

test.each([
  [["add", "late1", "--host", "h"], "late1 was added"],
  [["set", "late", "--port", "3"], "late was changed"],
  [["token", "revoke", "-y", "0123456789abcdef"], "0123456789abcdef was revoked"],
  [["host-key", "confirm", "late", "--fingerprint", "SHA256:x"], "the key was confirmed"],
  [["host-key", "forget", "late", "-y"], "they were forgotten"],
])("of one change without an answer, %j, it is said that its outcome is not known", async (args, said) => {
  const proxy = await breakingProxy(queen.url);
  await client.addHive({ id: "late", host: "h", port: 1, ssh_host: "127.0.0.1" }).catch(() => undefined);
  proxy.beforeAnswers((asked) => void (asked.method !== "GET" && asked.socket.resetAndDestroy()));
  const { code, stderr } = await hivectl(args, { QUEEN_URL: proxy.url });
  expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining(`whether ${said} is not known`) });
});

test("set changes what is named, and an empty text takes away", async () => {
  await client.addHive({ id: "moved", host: "h", port: 1, ssh_host: "s", ssh_port: 2200, ssh_user: "u" });
  expect(await run(["set", "moved", "--host", "10.0.1.99", "--ssh-user", "", "--ssh-port", ""])).toEqual({
    code: 0,
    stdout: "moved  changed  host=10.0.1.99 ssh_port= ssh_user=\n",
    stderr: "",
  });
  const now = { host: "10.0.1.99", port: 1, ssh_host: "s", ssh_port: null, ssh_user: null };
  expect(await client.getHive("moved")).toMatchObject(now);
  expect(JSON.parse((await run(["set", "moved", "--port", "2", "--json"])).stdout)).toMatchObject({ ...now, port: 2 });
  expect(await run(["set", "nope", "--port", "2"])).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^hivectl: HIVE_NOT_FOUND/),
  });
  expect(await run(["set", "moved"])).toMatchObject({ code: 2, stderr: expect.stringContaining("--host") });
});

test("a verb on one thing says its name alone where names are asked for, so that the next takes it", async () => {
  const names = async (...args: string[]) => (await run([...args, "-o", "name"])).stdout;
  expect(await names("add", "named", "--host", "127.0.0.1")).toBe("named\n");
  expect(await names("add", "named", "--host", "h", "--if-missing")).toBe("named\n");
  expect(await names("set", "named", "--port", "2")).toBe("named\n");
  expect(await names("describe", "hive", "named")).toBe("named\n");
  const { id } = await client.stopHive("named");
  expect(await names("describe", "operation", id)).toBe(`${id}\n`);
  const hostKeys = ["show", "scan", "confirm"].map((verb) => ["host-key", verb, "named"]);
  for (const args of [...hostKeys, ["status"], ["version"]]) {
    expect(await run([...args, "-o", "name"])).toEqual({
      code: 2,
      stdout: "",
      stderr: expect.stringMatching(/^hivectl: there is no name to show here: /),
    });
  }
});

test("label sets and removes, and overwrites only where that is said", async () => {
  for (const [id, env] of [
    ["l1", "prod"],
    ["l2", "dev"],
  ] as const) {
    await client.addHive({ id, host: "h", port: 1, labels: { env, old: "x", set: "l" } });
  }
  const kept = await run(["label", "-y", "l1", "l2", "env=prod", "old-", "rack=r12"]);
  expect(kept).toMatchObject({
    code: 3,
    stdout: expect.stringContaining('env is "dev", and overwrite is false; --overwrite replaces it'),
    stderr: "hivectl: 1 done, 1 failed: l2 INVALID_HIVE\n",
  });
  expect(await labels("l1")).toEqual({ env: "prod", rack: "r12", set: "l" });
  expect(await labels("l2")).toEqual({ env: "dev", old: "x", set: "l" });
  const all = await run(["label", "-y", "-l", "set=l", "env=prod", "old-", "rack=r12", "--overwrite"]);
  expect(all).toMatchObject({ code: 0, stderr: "hivectl: 1 done, 1 skipped\n" });
  expect(await labels("l2")).toEqual(await labels("l1"));
  expect(await run(["label", "-y", "-", "set-", "-o", "name", "--parallel=1"], "l1\nl2\n")).toMatchObject({
    code: 0,
    stdout: "l1\nl2\n",
  });
  const asItIs = await run(["label", "-y", "l1", "old-", "none-"]);
  expect(asItIs.stdout).toMatch(/^l1 +skipped +has no label old, none$/m);
  const both = await run(["label", "-y", "l1", "env=prod", "old-", "--overwrite"]);
  expect(both.stdout).toMatch(/^l1 +skipped +has env=prod already, has no label old$/m);
  expect(await run(["label", "-y", "l1", "no key=x"])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("INVALID_ARGUMENT"),
  });
  for (const args of [["l1"], ["a=b"], ["l1", "a=b", "a-"]]) {
    expect(await run(["label", "-y", ...args])).toMatchObject({ code: 2, stdout: "" });
  }
});
