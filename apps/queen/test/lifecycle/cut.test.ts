import { execFileSync } from "node:child_process";
import { mkdir, readFile, rename, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { until } from "../until.ts";
import { commandsBegun, FAULTY, setFault } from "./fault.ts";
import { begin, type OperationJson } from "./operation.ts";
import { processes } from "./processes.ts";
import { SshSite } from "./ssh-site.ts";

/** The step to which each command of an installation belongs. */
const COMMANDS = ["connect", "check_node", "reach_queen", "copy", "verify", "settings", "service", "stop", "start"];

const OLD_NODE = `#!/bin/sh\necho 18.20.4\n`;

let site: SshSite;
beforeAll(async () => {
  site = await SshSite.start({ forced: FAULTY });
  await site.confirmHostKey();
}, 120_000);
afterAll(() => site[Symbol.asyncDispose]());

function expectFailedAt(operation: OperationJson, name: string): void {
  const at = operation.steps.findIndex((step) => step.name === name);
  expect(operation.steps.map(({ state }) => state)).toEqual(
    operation.steps.map((_, position) => (position < at ? "done" : position === at ? "failed" : "skipped")),
  );
  expect(operation.finished_at_ms).not.toBeNull();
}

// Half of them are cut before the command ran, half after it: there the answer alone is lost.
test.each(COMMANDS.map((step, index) => [index + 1, step, index % 2 === 0 ? "cut-before" : "cut-behind"] as const))(
  "a connection that is cut at command %i of an installation fails the step %s and says so (%s)",
  async (at, step, what) => {
    await setFault(site.sshd, at, what);
    const operation = await site.operate("install");
    expect(operation.state).toBe("failed");
    expect(operation.problem).toMatch(new RegExp(`^${step}: the connection to \\S+ failed`));
    expectFailedAt(operation, step);
    expect(await commandsBegun(site.sshd)).toBe(at);
  },
  120_000,
);

test("settings of which the answer alone was lost are good: an agent may start with them", async () => {
  await setFault(site.sshd, COMMANDS.indexOf("settings") + 1, "cut-behind");
  expect(await site.operate("install")).toMatchObject({ problem: expect.stringMatching(/^settings: the connection /) });
  const [, id] = /^HIVE_TOKEN=hq_([0-9a-f]+)_/m.exec((await site.file("hive.env")).text) ?? [];
  expect(await site.queen.catalog.tokens.list()).toContainEqual(expect.objectContaining({ id, revokedAtMs: null }));
}, 120_000);

test("nothing of all that is in the way of the next installation, and the tokens of the others are revoked", async () => {
  await setFault(site.sshd, 0, "stall");
  expect(await site.operate("install")).toMatchObject({ state: "succeeded", problem: null });
  expect(await commandsBegun(site.sshd)).toBe(COMMANDS.length);
  const tokens = await site.queen.catalog.tokens.list();
  expect(tokens.length).toBeGreaterThan(1);
  const inForce = tokens.filter(({ revokedAtMs }) => revokedAtMs === null);
  expect(inForce).toHaveLength(1);
  expect((await site.file("hive.env")).text).toContain(`hq_${inForce[0]?.id}_`);
}, 120_000);

test.each([
  [
    "no-node",
    2,
    "check_node: the command failed on .*there is no node on the PATH.*\\[NODE_MISSING\\]; next: install Node",
  ],
  [
    "old-node",
    2,
    "check_node: node on .* is 18.20.4, but the agent needs 20.19 or later \\[NODE_TOO_OLD\\]; next: install Node",
  ],
  [
    "tamper",
    4,
    "verify: what arrived has the SHA-256 [0-9a-f]{64}, not [0-9a-f]{64} \\[COPY_DAMAGED\\]; next: install it again",
  ],
] as const)(
  "a host that is not as it should be is told so: %s",
  async (what, at, problem) => {
    const { sshd } = site;
    const bin = join(sshd.home, "bin");
    await mkdir(bin, { recursive: true });
    if (what === "no-node") await symlink("/bin/sh", join(bin, "sh"));
    if (what === "old-node") await writeFile(join(bin, "node"), OLD_NODE, { mode: 0o755 });
    const { text } = await site.file("agent.mjs");
    await setFault(sshd, at, what);
    expect(await site.operate("install")).toMatchObject({ state: "failed", problem: expect.stringMatching(problem) });
    expect((await site.file("agent.mjs")).text).toBe(text);
  },
  120_000,
);

function setPassphrase(identity: string, was: string, passphrase: string): void {
  execFileSync("ssh-keygen", ["-q", "-p", "-P", was, "-N", passphrase, "-f", identity]);
}

test("a login that is refused, a key that cannot be used, and an sshd that is not there, are said", async () => {
  const { sshd } = site;
  const keys = join(sshd.folder, "authorized_keys");
  const text = await readFile(keys);
  await writeFile(keys, "");
  expect(await site.operate("stop")).toMatchObject({
    problem: expect.stringMatching(/Permission denied .*\[SSH_KEY_REFUSED\]; next: put the public half/),
  });
  await rename(sshd.identity, `${sshd.identity}.good`);
  expect(await site.operate("stop")).toMatchObject({
    problem: expect.stringMatching(/Permission denied .*No such file.*\[SSH_KEY_UNUSABLE\]; next: name in /),
  });
  await rename(`${sshd.identity}.good`, sshd.identity);
  setPassphrase(sshd.identity, "", "secret");
  expect(await site.operate("stop")).toMatchObject({
    problem: expect.stringMatching(/Permission denied .*passphrase .*\[SSH_KEY_UNUSABLE\]; next: name in /),
  });
  setPassphrase(sshd.identity, "secret", "");
  await writeFile(keys, text);
  await sshd.stop();
  expect(await site.operate("stop")).toMatchObject({
    problem: expect.stringMatching(/Connection refused \[SSH_UNREACHABLE\]; next: see /),
  });
  await sshd.run("host_key");
}, 120_000);

test("an operation that stalls can be cancelled, and leaves no ssh behind", async () => {
  const { queen, id, sshd } = site;
  const sshs = () => processes().filter(({ args }) => args.startsWith("ssh ") && args.includes(sshd.identity));
  await setFault(sshd, 2, "stall");
  const { id: operation } = await begin(queen.request, "install", id);
  await until("the second command runs", async () => (await commandsBegun(sshd)) === 2 && sshs().length > 0);
  expect(await queen.request("POST", `/v1/hives/${id}/stop`)).toMatchObject({
    status: 409,
    body: { code: "OPERATION_IN_PROGRESS", detail: expect.stringContaining(operation) },
  });
  const cancelled = await queen.request("POST", `/v1/operations/${operation}/cancel`);
  expect(cancelled).toMatchObject({
    status: 200,
    body: { state: "cancelled", problem: "check_node: it was cancelled" },
  });
  expectFailedAt(cancelled.body as OperationJson, "check_node");
  await until("no ssh is left", () => sshs().length === 0);
  const again = await queen.request("POST", `/v1/operations/${operation}/cancel`);
  expect(again).toMatchObject({ status: 409, body: { code: "OPERATION_FINISHED" } });
}, 120_000);
