import { QueenClient } from "@repo/queen-client";
import { afterAll, beforeAll, expect, test } from "vitest";
import { unusedPort } from "../../queen/test/lifecycle/port.ts";
import { Sshd } from "../../queen/test/lifecycle/sshd.ts";
import { hivectl, inTerminal, processInTerminal } from "./hivectl.ts";
import { holdAt, waitAt } from "./hold.ts";
import { queenForAll } from "./queen.ts";

const IDS = ["gpu-01", "gpu-02", "gpu-03", "gpu-04", "gpu-05"];
/** Her own URL must be known before she is there. */
const port = await unusedPort();
/** While `hold` is held, nothing that is of gpu-02 is done on the host. */
const sshd = await Sshd.start({
  forced: `case $SSH_ORIGINAL_COMMAND in *gpu-02*) ${waitAt('"$(dirname "$0")/hold"')};; esac
exec sh -c "$SSH_ORIGINAL_COMMAND"`,
});
const hold = `${sshd.folder}/hold`;
const queen = queenForAll({
  QUEEN_PORT: String(port),
  QUEEN_PUBLIC_URL: `http://127.0.0.1:${port}`,
  QUEEN_SSH_IDENTITY: sshd.identity,
});
let client: QueenClient;

beforeAll(async () => {
  client = new QueenClient({ url: queen.url });
  const ssh = { ssh_host: "127.0.0.1", ssh_port: sshd.port, ssh_user: sshd.account.name };
  for (const id of IDS) {
    const hive = { id, host: "127.0.0.1", port: await unusedPort(), labels: { rack: "r12" } };
    await client.addHive({ ...hive, ...ssh, ...(id === "gpu-03" && { ssh_user: "stranger" }) });
  }
  const fingerprint = sshd.fingerprint("host_key");
  for (const id of IDS) await client.confirmHostKey(id, { fingerprint });
});
afterAll(() => sshd[Symbol.asyncDispose]());

const run = (...args: string[]) => hivectl(args, { QUEEN_URL: queen.url });
const inColumns = (columns: number, ...args: string[]) =>
  inTerminal(args, { QUEEN_URL: queen.url, NO_COLOR: "1" }, { columns });

test("agents are installed on five hives at once: each step is said, one that refuses keeps none back, and the code is 3", async () => {
  const { code, stdout, stderr } = await run("install", "-y", "-l", "rack=r12", "--parallel", "5");
  expect(code).toBe(3);
  for (const id of IDS) {
    const outcome = id === "gpu-03" ? "failed +connect: .*SSH_KEY_REFUSED" : "done ";
    expect(stdout).toMatch(new RegExp(`^${id} +${outcome}`, "m"));
    expect(stderr).toMatch(new RegExp(`^hivectl: ${id}: connect (done|failed)`, "m"));
  }
  expect(stderr).not.toMatch(/^hivectl: \S+: \S+ running$/m);
  expect(stderr).toMatch(/^hivectl: 4 done, 1 failed: gpu-03 /m);
  expect((await client.countHives()).online).toBe(4);
}, 120_000);

test("on a terminal the steps take turns on one line, and each outcome stays", async () => {
  const { code, stdout } = await inColumns(80, "restart", "-y", "gpu-01", "gpu-02");
  expect(code).toBe(0);
  const lines = stdout.replaceAll("\r\x1b[K", "\n").split("\n");
  expect(lines.filter((line) => /^[01] of 2: gpu-0[12] \w+/.test(line)).length).toBeGreaterThan(2);
  expect(lines.filter((line) => line.length > 80)).toEqual([]);
  expect(lines.join("\n")).toMatch(/^gpu-01 +done +succeeded$/m);
  expect(stdout).toMatch(/hivectl: 2 done\n$/);
}, 60_000);

test("with --no-wait it only begins, and wait follows it to its end", async () => {
  const begun = await run("stop", "-y", "gpu-01", "--no-wait", "-o", "json");
  const { hives } = JSON.parse(begun.stdout);
  expect({ code: begun.code, hives }).toMatchObject({ code: 0, hives: [{ hive_id: "gpu-01", outcome: "begun" }] });
  expect(await run("wait", "--for", `op=${hives[0].operation_id}`)).toMatchObject({
    code: 0,
    stdout: "stop of gpu-01 succeeded\n",
  });
  expect((await run("restart", "-y", "gpu-02", "--no-wait", "-o", "name")).stdout).toBe("gpu-02\n");
  const { code, stderr } = await run("wait", "--for", "op=gpu-02");
  const [, last = ""] = /^hivectl: gpu-02 is a hive, .* `hivectl wait --for op=(restart-\w+)` waits/.exec(stderr) ?? [];
  expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining("restart-") });
  expect(await run("wait", "--for", `op=${last}`)).toMatchObject({ code: 0 });
  const { stdout } = await run("start", "gpu-01", "--no-wait");
  const [, operation = ""] = /^gpu-01 +begun +(start-\w+)$/m.exec(stdout) ?? [];
  expect(await run("wait", "--for", `op=${operation}`)).toMatchObject({ code: 0 });
}, 60_000);

test("devices are detected and agents started without a question; what would stop one is asked for", async () => {
  expect(await run("start", "gpu-01")).toMatchObject({ code: 0, stdout: expect.stringMatching(/^gpu-01 +done/m) });
  expect(await run("detect", "gpu-01", "gpu-02")).toMatchObject({ code: 0, stderr: "hivectl: 2 done\n" });
  for (const verb of ["install", "stop", "restart"]) {
    expect(await run(verb, "gpu-01")).toMatchObject({ code: 2, stderr: expect.stringContaining("--yes") });
  }
}, 60_000);

test("Ctrl-C during install ends with 130, says what was done, what has begun and what is not known; the queen finishes what she began", async () => {
  const letGo = holdAt(hold);
  const args = ["install", "-y", "gpu-01", "gpu-02", "gpu-04", "--parallel", "1"];
  const seen = { columns: 120, typedAfter: "1 of 3: gpu-02" };
  const { code, stdout } = await processInTerminal(args, { QUEEN_URL: queen.url, NO_COLOR: "1" }, seen, "\x03");
  await letGo();
  expect(code).toBe(130);
  const lines = stdout.replaceAll("\r\x1b[K", "\n").split("\n");
  expect(lines.slice(-4)).toEqual([
    "hivectl: interrupted: 1 done, 1 begun, 1 not known; what had begun is finished all the same",
    expect.stringContaining("look whether it was done"),
    "hivectl: `hivectl get operations --state running` shows what goes on",
    "",
  ]);
  expect(lines.filter((line) => line.startsWith("gpu-"))).toEqual([
    expect.stringMatching(/^gpu-01 +done +succeeded$/),
    expect.stringMatching(/^gpu-02 +begun +install-\w+$/),
    expect.stringMatching(/^gpu-04 +not known +it was asked for, and no answer came$/),
  ]);
  const { operations } = await client.listOperations({ kind: ["install"], limit: 2 });
  const [newest, before] = operations;
  expect([newest?.hive_id, before?.hive_id]).toEqual(["gpu-02", "gpu-01"]);
  expect(await run("wait", "--for", `op=${newest?.id}`)).toMatchObject({ code: 0 });
}, 60_000);
