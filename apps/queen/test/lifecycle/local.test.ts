import { once } from "node:events";
import { mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer as createWebServer } from "node:http";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { openTestCatalog, temporaryFolder } from "@repo/hive-catalog/testing";
import { expect, onTestFinished, test } from "vitest";
import { TIMEOUTS } from "../../src/lifecycle/job.ts";
import type { QueenOptions } from "../../src/queen.ts";
import { Fleet } from "../e2e/fleet.ts";
import { HIVE } from "../programs.ts";
import { LIFECYCLE_SETTINGS, startTestQueen } from "../test-queen.ts";
import { addToken } from "../tokens.ts";
import { until } from "../until.ts";
import { detailOf, ended, operate } from "./operation.ts";
import { unusedPort } from "./port.ts";
import { isRunning, processes } from "./processes.ts";

const ID = "desk";

/** A queen in this process, and all of her agents that run. They end with the test. */
async function startSite(options: Pick<QueenOptions, "agentFile" | "lifecycleTimeouts"> = { agentFile: HIVE }) {
  const home = await temporaryFolder();
  const catalog = await openTestCatalog();
  const queen = await startTestQueen({
    catalog,
    ...options,
    lifecycle: { ...LIFECYCLE_SETTINGS, programEnv: { PATH: process.env.PATH ?? "", HOME: home.path } },
  });
  onTestFinished(async () => {
    for (const { pid } of agentsIn(home.path)) process.kill(pid, "SIGKILL");
    await queen[Symbol.asyncDispose]();
    await home[Symbol.asyncDispose]();
  });
  await queen.app.listen({ host: "127.0.0.1", port: 0 });
  const add = async (id: string, port: number, host = "127.0.0.1") => {
    expect(await queen.request("POST", "/v1/hives", { id, host, port })).toMatchObject({ status: 201 });
  };
  const begin = (kind: string, id = ID) => operate(queen.request, kind, id);
  return { queen, catalog, add, operate: begin, home: home.path, folder: join(home.path, ".hive", ID) };
}

const agentsIn = (home: string) =>
  processes().filter(({ args }) => args.includes(join(home, ".hive")) && args.includes("/agent.mjs"));

test.each([
  ["0:0:0:0:0:0:0:1", "::1"],
  ["::ffff:127.0.0.1", "127.0.0.1"],
  ["localhost", "127.0.0.1"],
])(
  "the agent of a hive at %s listens on %s, and nowhere else, and is checked without waiting for the next round",
  async (host, listens) => {
    const { queen, add, operate } = await startSite();
    const port = await unusedPort();
    await add(ID, port, host);
    const started = await operate("start");
    expect(started).toMatchObject({ state: "succeeded" });
    expect(detailOf(started, "settings")).toContain(`listens on ${listens}, port ${port};`);
    const { body } = await queen.request("GET", `/v1/hives/${ID}/liveness`);
    expect(body).toMatchObject({ unreachable_since_ms: null });
    expect((body as { probes: { outcome: string }[] }).probes.at(-1)).toMatchObject({ outcome: "answered" });
  },
);

test("a queen whose home is not there, as useradd --system leaves it, is told to have one", async () => {
  const { add, operate, home } = await startSite();
  await add(ID, await unusedPort());
  await rm(home, { recursive: true });
  expect(await operate("start")).toMatchObject({
    state: "failed",
    problem: expect.stringContaining(`connect: the queen has no HOME: ${home} is not there`),
  });
});

test("of settings that its host does not take, no token stays in force", async () => {
  const { catalog, add, operate, folder } = await startSite();
  await add(ID, await unusedPort());
  const tokens = async () => (await catalog.tokens.list()).map(({ revokedAtMs }) => revokedAtMs);
  // In the place where they arrive.
  const arriving = join(folder, "hive.env.incoming");
  await mkdir(arriving, { recursive: true });
  expect(await operate("start")).toMatchObject({
    state: "failed",
    problem: expect.stringMatching(/^settings: .*\[COMMAND_FAILED\]/),
  });
  expect(await tokens()).toEqual([expect.any(Number)]);
  await rm(arriving, { recursive: true });
  expect(await operate("start")).toMatchObject({ state: "succeeded" });
  expect(await tokens()).toEqual([expect.any(Number), null]);
});

test("an installation ends the tokens of those before, and none that an operator made for the hive", async () => {
  const { catalog, add, operate } = await startSite();
  await add(ID, await unusedPort());
  const inForce = async () =>
    (await catalog.tokens.list()).flatMap(({ id, revokedAtMs }) => (revokedAtMs === null ? id : []));
  expect(await operate("install")).toMatchObject({ state: "succeeded" });
  const [former] = await inForce();
  const { id: ofOperator } = await addToken(catalog, "hive", ID);
  const again = await operate("install");
  expect(detailOf(again, "revoke_tokens")).toBe("former tokens revoked: 1");
  expect(await inForce()).toContain(ofOperator);
  expect(await inForce()).not.toContain(former);
});

test("what an operation knows of the status waits for its turn among the changes of its hive", async () => {
  const { queen, catalog, add, operate } = await startSite();
  await add(ID, await unusedPort());
  expect(await operate("start")).toMatchObject({ state: "succeeded" });
  let release = () => {};
  const change = queen.fleet.turns.take(ID, () => new Promise<void>((resolve) => (release = resolve)));
  const stopping = operate("stop");
  await until("the agent is stopped", async () => {
    const [operation] = await catalog.operations.list({ hiveId: ID, limit: 1 });
    return operation?.steps.at(-1)?.name === "stop" && operation.steps.at(-1)?.state === "done";
  });
  for (let turn = 0; turn < 100; turn++) await new Promise(setImmediate);
  expect(await catalog.getHive(ID)).toMatchObject({ status: "online" });
  release();
  await change;
  expect(await stopping).toMatchObject({ state: "succeeded" });
  expect(await catalog.getHive(ID)).toMatchObject({ status: "offline" });
});

test("what kept settings from a host is told also where their token cannot be revoked, and so is that", async () => {
  const { catalog, add, operate, folder } = await startSite();
  await add(ID, await unusedPort());
  await catalog.run(
    "CREATE TRIGGER kept BEFORE UPDATE OF revoked_at_ms ON tokens BEGIN SELECT RAISE(ABORT, 'kept'); END",
  );
  await mkdir(join(folder, "hive.env.incoming"), { recursive: true });
  expect(await operate("start")).toMatchObject({
    state: "failed",
    problem: expect.stringMatching(/^settings: .*\[COMMAND_FAILED\]/),
    output_tail: expect.stringMatching(
      /\nthe token \w{16} stays in force: a rule that another program put on the tables/,
    ),
  });
});

test("a hive on the port of another one is not started, is told of another port, and is removed without force", async () => {
  const { queen, add, operate } = await startSite();
  const port = await unusedPort();
  for (const id of [ID, "second"]) await add(id, port);
  expect(await operate("start")).toMatchObject({ state: "succeeded" });
  const { state, problem } = await operate("start", "second");
  expect(state).toBe("failed");
  expect(problem).toMatch(
    /^start: the command failed on this machine with exit code 1: .*port \d+ on 127.0.0.1 is taken/,
  );
  expect(problem).toContain(`127.0.0.1:${port} is hive '${ID}', not 'second' [WRONG_HIVE]; next: give the hive a port`);
  expect(problem).toContain("`hivectl set second --port PORT`");
  expect(await queen.request("DELETE", "/v1/hives/second")).toMatchObject({ status: 204 });
});

test("a web server in the place of an agent that has said its id is not taken for it", async () => {
  const { add, operate } = await startSite();
  const port = await unusedPort();
  await add(ID, port);
  expect(await operate("start")).toMatchObject({ state: "succeeded" });
  expect(await operate("stop")).toMatchObject({ state: "succeeded" });
  const web = createWebServer((_request, response) => void response.end("<html>")).listen(port, "127.0.0.1");
  onTestFinished(() => void web.close());
  await once(web, "listening");
  expect(await operate("start")).toMatchObject({
    state: "failed",
    problem: expect.stringMatching(/^start: .* does not say that it is hive '\S+', as it did before \[WRONG_HIVE\]/),
  });
  expect(await operate("stop")).toMatchObject({ state: "succeeded" });
});

test("an agent that cannot start is said to be that, and its hive is removed without force", async () => {
  const { queen, add, operate } = await startSite();
  const other = createServer((socket) => void socket.destroy()).listen(0, "127.0.0.1");
  onTestFinished(() => void other.close());
  await once(other, "listening");
  await add(ID, (other.address() as AddressInfo).port);
  expect(await operate("restart")).toMatchObject({
    state: "failed",
    problem: expect.stringMatching(/^start: .* is taken: .* \[AGENT_NOT_STARTED\]; next: put right/),
  });
  expect(await queen.request("DELETE", `/v1/hives/${ID}`)).toMatchObject({ status: 204 });
});

test("an agent that ended once it had started is said to have, and not that it runs", async () => {
  await using home = await temporaryFolder();
  const agentFile = join(home.path, "agent.mjs");
  await writeFile(agentFile, 'console.log(process.argv[2] === "start" ? "started (process 1)" : "stopped");');
  const { add, operate } = await startSite({ agentFile, lifecycleTimeouts: { ...TIMEOUTS, healthMs: 0 } });
  await add(ID, await unusedPort());
  expect(await operate("start")).toMatchObject({
    state: "failed",
    problem: expect.stringMatching(
      /^health: the agent was started, and has ended since \[AGENT_ENDED\]; next: look at/,
    ),
  });
});

test("the local hive outlives its queen, is found again, and is never there twice", async () => {
  const fleet = await Fleet.create();
  const folder = join(fleet.folder, ".hive", ID);
  const agents = () => agentsIn(fleet.folder);
  onTestFinished(async () => {
    for (const { pid } of agents()) process.kill(pid, "SIGKILL");
    await fleet[Symbol.asyncDispose]();
  });
  const startQueen = () => fleet.startQueen({ HOME: fleet.folder });
  const request = fleet.request.bind(fleet);
  const first = await startQueen();
  await fleet.add(ID, await unusedPort());
  const answers = await Promise.all(
    ["start", "start", "restart"].map((kind) => fleet.request("POST", `/v1/hives/${ID}/${kind}`)),
  );
  expect(answers.map(({ status }) => status).sort()).toEqual([202, 409, 409]);
  const begun = answers.find(({ status }) => status === 202)?.body.id;
  expect(await ended(request, String(begun))).toMatchObject({ state: "succeeded", problem: null });
  const [agent] = agents();
  expect(agents()).toHaveLength(1);
  await fleet.untilStatus(ID, "online");
  expect(await fleet.request("DELETE", `/v1/hives/${ID}`)).toMatchObject({
    status: 409,
    body: { code: "HIVE_RUNNING", detail: expect.stringContaining("stop it first, or, for a host that is gone,") },
  });
  expect((await stat(join(folder, "hive.env"))).mode & 0o777).toBe(0o600);

  await first.kill("SIGKILL");
  expect(agents()).toEqual([agent]);
  const second = await startQueen();
  const again = await operate(request, "start", ID);
  expect(again).toMatchObject({ state: "succeeded", problem: null });
  expect(detailOf(again, "look")).toBe(`running (process ${agent?.pid})`);
  expect(agents()).toEqual([agent]);

  // Even when nobody can tell any more whose process it is.
  await rm(join(folder, "hive.pid"));
  const unsure = await operate(request, "start", ID);
  expect(detailOf(unsure, "look")).toBe("a hive of this id answers already, which this queen did not start");
  expect(agents()).toEqual([agent]);
  expect(await operate(request, "stop", ID)).toMatchObject({
    state: "failed",
    problem: expect.stringMatching(
      /did not start it, or its hive\.pid in ~\/\.hive\/.* is gone .*; next: stop it where .*, or/,
    ),
  });
  process.kill(agent?.pid ?? 0, "SIGTERM");
  await until("the agent has ended", () => agents().length === 0);

  expect(await operate(request, "start", ID)).toMatchObject({ state: "succeeded", problem: null });
  const [other] = agents();
  expect(await operate(request, "restart", ID)).toMatchObject({ state: "succeeded", problem: null });
  expect(isRunning(other?.pid ?? 0)).toBe(false);
  expect(agents()).toHaveLength(1);
  expect(await operate(request, "stop", ID)).toMatchObject({ state: "succeeded", problem: null });
  expect(agents()).toEqual([]);
  expect((await fleet.row(ID)).status).toBe("offline");
  expect(await readFile(join(folder, "hive.log"), "utf8")).toContain("queen reached");
  expect((await fetch(`${fleet.origin}/v1/hives/${ID}`, { method: "DELETE" })).status).toBe(204);
  await second.kill("SIGTERM");
}, 120_000);
