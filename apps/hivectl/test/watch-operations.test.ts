import { rm } from "node:fs/promises";
import { QueenClient } from "@repo/queen-client";
import { afterAll, beforeEach, expect, test } from "vitest";
import { Sshd } from "../../queen/test/lifecycle/sshd.ts";
import type { OwnQueen } from "../../queen/test/own-queen.ts";
import { queenProcesses } from "../../queen/test/queen-processes.ts";
import { until } from "../../queen/test/until.ts";
import { Hivectl, hivectl } from "./hivectl.ts";
import { holdAt, waitAt } from "./hold.ts";

/** Of what is done on the host of far, the first goes well; the others wait while `hold` is held. */
const sshd = await Sshd.start({
  forced: `case $SSH_ORIGINAL_COMMAND in *far*)
  if [ -e "$HOME/seen" ]; then ${waitAt('"$(dirname "$0")/hold"')}; else touch "$HOME/seen"; fi;;
esac
exec sh -c "$SSH_ORIGINAL_COMMAND"`,
});
const hold = `${sshd.folder}/hold`;
const queens = queenProcesses();
const NEAR = { host: "127.0.0.1", port: 1 };
let letGo: () => Promise<void>;
let first: OwnQueen;
let url: string;
let client: QueenClient;

beforeEach(async () => {
  await rm(hold, { force: true });
  letGo = holdAt(hold);
  await rm(`${sshd.home}/seen`, { force: true });
  first = await queens.open({ QUEEN_SSH_IDENTITY: sshd.identity });
  url = first.url;
  client = new QueenClient({ url });
  const ssh = { ssh_host: "127.0.0.1", ssh_port: sshd.port, ssh_user: sshd.account.name };
  await client.addHive({ ...NEAR, id: "far", ...ssh });
  await client.addHive({ ...NEAR, id: "near" });
  await client.confirmHostKey("far", { fingerprint: sshd.fingerprint("host_key") });
});
afterAll(() => sshd[Symbol.asyncDispose]());

async function watching(...args: string[]) {
  const running = new Hivectl(["get", "operations", "-w", "-v", ...args], { QUEEN_URL: url });
  const untilSaid = (line: RegExp, of: "stdout" | "stderr" = "stdout") =>
    until(`${line} is said`, () => line.test(running[of]));
  await untilSaid(/\/v1\/events/, "stderr");
  const interrupted = () => {
    running.interrupt();
    return running.end();
  };
  return { running, untilSaid, interrupted };
}

async function ended({ id }: { readonly id: string }): Promise<void> {
  await until("it has ended", async () => (await client.getOperation(id)).finished_at_ms !== null);
}

test("a watch lists, has a line for each that begins, steps or ends, and ends with 0 at Ctrl-C", async () => {
  const before = await client.stopHive("near");
  await ended(before);
  const { untilSaid, interrupted } = await watching();
  await untilSaid(new RegExp(`^${before.id} .* failed `, "m"));
  const held = await client.stopHive("far");
  await untilSaid(new RegExp(`^${held.id} +far +stop +running +\\S+ +- +stop +-$`, "m"));
  const near = await client.stopHive("near");
  await untilSaid(new RegExp(`^${near.id} +near +stop +failed +\\S+ +\\ds +stop +stop: .*$`, "m"));
  await letGo();
  await untilSaid(new RegExp(`^${held.id} +far +stop +failed `, "m"));
  const { code, stdout } = await interrupted();
  expect(code).toBe(0);
  const lines = stdout.trimEnd().split("\n");
  expect(lines[0]).toMatch(/^ID +HIVE +KIND +STATE +BEGAN +TOOK +STEP +PROBLEM$/);
  expect(new Set(lines.map((line) => line.search(/BEGAN|2\d{3}-\d\d-\d\dT/)))).toHaveLength(1);
  expect(new Set(lines)).toHaveLength(lines.length);
});

test("its filters hold for what comes, and one that they let through no longer is told once", async () => {
  const stops = await watching("--kind", "stop", "--state", "running", "far", "-o", "jsonl");
  const starts = await watching("--kind", "start", "-o", "name");
  const near = await client.stopHive("near");
  const held = await client.stopHive("far");
  await stops.untilSaid(/"name":"stop"/);
  await letGo();
  await stops.untilSaid(new RegExp(`^{"id":"${held.id}","left":true}$`, "m"));
  await ended(near);
  const start = await client.startHive("near");
  await starts.untilSaid(new RegExp(`^${start.id}$`, "m"));
  const { code, stdout } = await stops.interrupted();
  expect(code).toBe(0);
  const told = stdout.trimEnd().split("\n");
  expect(new Set(told.map((line) => JSON.parse(line).id))).toEqual(new Set([held.id]));
  expect(told.filter((line) => line.includes('"left"'))).toHaveLength(1);
  expect(new Set((await starts.interrupted()).stdout.trimEnd().split("\n"))).toEqual(new Set([start.id]));
});

test("over a restart of the queen it says that changes were missed, lists anew, and goes on", async () => {
  const before = await client.stopHive("near");
  await ended(before);
  const { running, untilSaid, interrupted } = await watching("near");
  const { port } = new URL(url);
  await first.stop();
  await untilSaid(/the queen is away/, "stderr");
  await queens.open({ QUEEN_PORT: port });
  await untilSaid(/changes were missed \(queen_restarted\)/, "stderr");
  await until("the list is there twice", () => running.stdout.match(new RegExp(`^${before.id} `, "gm"))?.length === 2);
  const after = await client.stopHive("near");
  await untilSaid(new RegExp(`^${after.id} .* failed `, "m"));
  expect((await interrupted()).code).toBe(0);
});

test("it never ends, so that it is no document", async () => {
  for (const format of ["json", "yaml"]) {
    const { code, stderr } = await hivectl(["get", "operations", "-w", "-o", format], { QUEEN_URL: url });
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining("-o jsonl says a line") });
  }
});

test("each has a line for its beginning, for each step and for its end, also where many go at once", async () => {
  const ids = Array.from({ length: 16 }, (_, n) => `gpu-${n}`);
  for (const id of ids) await client.addHive({ ...NEAR, id });
  const { running, interrupted } = await watching("--columns", "hive,state,step", "--no-headers");
  for await (const _ of client.actOnHives({ action: "stop", ids }, { parallel: 16 }));
  const linesOf = (id: string) => running.stdout.split("\n").filter((line) => line.startsWith(`${id} `));
  await until("all have ended", () => ids.every((id) => linesOf(id).some((line) => line.includes("failed"))));
  expect((await interrupted()).code).toBe(0);
  for (const id of ids) {
    const lines = linesOf(id).map((line) => line.split(/ +/).slice(1).join(" "));
    expect(lines).toEqual(["running -", "running connect", "running stop", "failed stop"]);
  }
});

test("where no hive is named on stdin, it tells of none", async () => {
  const [ofNone, ofAll] = [await watching("-"), await watching()];
  await ended(await client.stopHive("near"));
  await ofAll.untilSaid(/ failed /);
  const { code, stdout } = await ofNone.interrupted();
  expect({ code, stdout }).toEqual({ code: 0, stdout: "" });
  const { stdout: events } = await hivectl(["get", "events", "-", "-o", "name"], { QUEEN_URL: url });
  expect(events).toBe("");
  await ofAll.interrupted();
});
