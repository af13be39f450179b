import { once } from "node:events";
import { mkdir, readFile, rm, stat } from "node:fs/promises";
import { createServer as createWebServer } from "node:http";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { createClient } from "@libsql/client";
import { expect, onTestFinished, test } from "vitest";
import { Fleet } from "../e2e/fleet.ts";
import { until } from "../until.ts";
import { detailOf, ended, operate } from "./operation.ts";
import { unusedPort } from "./port.ts";
import { isRunning, processes } from "./processes.ts";

const ID = "desk";

async function startSite() {
  const fleet = await Fleet.create();
  const home = join(fleet.file, "..");
  const agents = () => processes().filter(({ args }) => args.includes(join(home, ".hive", ID, "agent.mjs")));
  onTestFinished(async () => {
    for (const { pid } of agents()) process.kill(pid, "SIGKILL");
    await fleet[Symbol.asyncDispose]();
  });
  const startQueen = (env: NodeJS.ProcessEnv = {}) => fleet.startQueen({ HOME: home, ...env });
  return { fleet, startQueen, agents, folder: join(home, ".hive", ID) };
}

/** The status of the answer. */
const remove = async ({ origin }: Fleet, id: string): Promise<number> =>
  (await fetch(`${origin}/v1/hives/${id}`, { method: "DELETE" })).status;

test("an agent that was just started has been checked, and does not wait for the next round", async () => {
  const { fleet, startQueen } = await startSite();
  await startQueen({ QUEEN_HEALTH_INTERVAL_MS: "3600000" });
  await fleet.add(ID, await unusedPort());
  expect(await operate(fleet.request.bind(fleet), "start", ID)).toMatchObject({ state: "succeeded" });
  const { body } = await fleet.request("GET", `/v1/hives/${ID}/liveness`);
  expect(body).toMatchObject({ unreachable_since_ms: null });
  expect((body as { probes: { outcome: string }[] }).probes.at(-1)).toMatchObject({ outcome: "answered" });
});

test.each([
  ["0:0:0:0:0:0:0:1", "::1"],
  ["::ffff:127.0.0.1", "127.0.0.1"],
])("the agent of a hive at %s listens on %s, and nowhere else", async (host, listens) => {
  const { fleet, startQueen } = await startSite();
  await startQueen();
  const request = fleet.request.bind(fleet);
  const port = await unusedPort();
  expect(await fleet.request("POST", "/v1/hives", { id: ID, host, port })).toMatchObject({ status: 201 });
  const started = await operate(request, "start", ID);
  expect(started).toMatchObject({ state: "succeeded" });
  expect(detailOf(started, "settings")).toContain(`listens on ${listens}, port ${port};`);
});

test("of settings that its host does not take, no token stays in force", async () => {
  const { fleet, startQueen, folder } = await startSite();
  await startQueen();
  await fleet.add(ID, await unusedPort());
  const tokens = async () => {
    const { body } = await fleet.request("GET", "/v1/tokens");
    return (body as { tokens: { revoked_at_ms: number | null }[] }).tokens.map(({ revoked_at_ms }) => revoked_at_ms);
  };
  // In the place where they arrive.
  const arriving = join(folder, "hive.env.incoming");
  await mkdir(arriving, { recursive: true });
  expect(await operate(fleet.request.bind(fleet), "start", ID)).toMatchObject({
    state: "failed",
    problem: expect.stringMatching(/^settings: .*\[COMMAND_FAILED\]/),
  });
  expect(await tokens()).toEqual([expect.any(Number)]);
  await rm(arriving, { recursive: true });
  expect(await operate(fleet.request.bind(fleet), "start", ID)).toMatchObject({ state: "succeeded" });
  expect(await tokens()).toEqual([expect.any(Number), null]);
});

test("what kept settings from a host is told also where their token cannot be revoked, and so is that", async () => {
  const { fleet, startQueen, folder } = await startSite();
  await startQueen();
  await fleet.add(ID, await unusedPort());
  const file = createClient({ url: `file:${fleet.file}` });
  onTestFinished(() => file.close());
  await file.execute(
    "CREATE TRIGGER kept BEFORE UPDATE OF revoked_at_ms ON tokens BEGIN SELECT RAISE(ABORT, 'kept'); END",
  );
  await mkdir(join(folder, "hive.env.incoming"), { recursive: true });
  expect(await operate(fleet.request.bind(fleet), "start", ID)).toMatchObject({
    state: "failed",
    problem: expect.stringMatching(/^settings: .*\[COMMAND_FAILED\]/),
    output_tail: expect.stringMatching(
      /\nthe token \w{16} stays in force: a rule that another program put on the tables/,
    ),
  });
});

test("a hive on the port of another one is not started, is told of another port, and is removed without force", async () => {
  const { fleet, startQueen } = await startSite();
  await startQueen();
  const port = await unusedPort();
  for (const id of [ID, "second"]) await fleet.add(id, port);
  const request = fleet.request.bind(fleet);
  expect(await operate(request, "start", ID)).toMatchObject({ state: "succeeded" });
  const { state, problem } = await operate(request, "start", "second");
  expect(state).toBe("failed");
  expect(problem).toMatch(
    /^start: the command failed on this machine with exit code 1: .*port \d+ on 127.0.0.1 is taken/,
  );
  expect(problem).toContain(`127.0.0.1:${port} is hive '${ID}', not 'second' [WRONG_HIVE]; next: give the hive a port`);
  expect(problem).toContain("`hivectl set second --port PORT`");
  expect(await remove(fleet, "second")).toBe(204);
});

test("a web server in the place of an agent that has said its id is not taken for it", async () => {
  const { fleet, startQueen } = await startSite();
  await startQueen();
  const port = await unusedPort();
  await fleet.add(ID, port);
  const request = fleet.request.bind(fleet);
  expect(await operate(request, "start", ID)).toMatchObject({ state: "succeeded" });
  expect(await operate(request, "stop", ID)).toMatchObject({ state: "succeeded" });
  const web = createWebServer((_request, response) => void response.end("<html>")).listen(port, "127.0.0.1");
  onTestFinished(() => void web.close());
  await once(web, "listening");
  expect(await operate(request, "start", ID)).toMatchObject({
    state: "failed",
    problem: expect.stringMatching(/^start: .* does not say that it is hive '\S+', as it did before \[WRONG_HIVE\]/),
  });
  expect(await operate(request, "stop", ID)).toMatchObject({ state: "succeeded" });
});

test("an agent that cannot start is said to be that, and its hive is removed without force", async () => {
  const { fleet, startQueen } = await startSite();
  await startQueen();
  const other = createServer((socket) => void socket.destroy()).listen(0, "127.0.0.1");
  onTestFinished(() => void other.close());
  await once(other, "listening");
  await fleet.add(ID, (other.address() as AddressInfo).port);
  expect(await operate(fleet.request.bind(fleet), "restart", ID)).toMatchObject({
    state: "failed",
    problem: expect.stringMatching(/^start: .* is taken: .* \[AGENT_NOT_STARTED\]; next: put right/),
  });
  expect(await remove(fleet, ID)).toBe(204);
});

test("the local hive outlives its queen, is found again, and is never there twice", async () => {
  const { fleet, startQueen, agents, folder } = await startSite();
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
  expect(await remove(fleet, ID)).toBe(204);
  await second.kill("SIGTERM");
}, 120_000);
