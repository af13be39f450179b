import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { createClient } from "@libsql/client";
import { HiveCatalog } from "@repo/hive-catalog";
import { temporaryFolder } from "@repo/hive-catalog/testing";
import { expect, onTestFinished, test } from "vitest";
import { FakeClock } from "../fake-clock.ts";
import { HIVE_JSON, startTestQueen, type TestQueen } from "../test-queen.ts";
import { until } from "../until.ts";
import { ended } from "./operation.ts";
import { unusedPort } from "./port.ts";

const REMOTE = { ...HIVE_JSON, id: "far", ssh_host: "127.0.0.1", ssh_port: 1, ssh_user: "nobody" };

async function startQueen(clock = new FakeClock(), programEnv = {}): Promise<TestQueen> {
  const ssh = { identity: undefined, knownHosts: undefined };
  const lifecycle = { publicUrl: undefined, publicCa: undefined, ssh, programEnv };
  const queen = await startTestQueen({ clock, lifecycle });
  onTestFinished(() => queen[Symbol.asyncDispose]());
  return queen;
}

/** An operation in the catalog that another queen runs. Returns what ends her. */
async function runElsewhere({ catalog, clock }: TestQueen) {
  await catalog.queens.renew("other");
  const deadlineMs = clock.now() + 1000;
  await catalog.operations.begin({ id: "elsewhere", hiveId: "far", kind: "install", owner: "other", deadlineMs });
  return () => catalog.queens.remove("other");
}

test("what another queen runs is left alone as long as she lives, and ended for her when she does not", async () => {
  const queen = await startQueen();
  await queen.request("POST", "/v1/hives", REMOTE);
  const endOther = await runElsewhere(queen);
  await queen.lifecycle.endDead();
  expect(await queen.catalog.operations.get("elsewhere")).toMatchObject({ state: "running" });
  expect(await queen.request("POST", "/v1/hives/far/start")).toMatchObject({
    status: 409,
    body: { code: "OPERATION_IN_PROGRESS" },
  });
  expect(await queen.request("POST", "/v1/operations/elsewhere/cancel")).toMatchObject({
    status: 409,
    body: { code: "OPERATION_ELSEWHERE", detail: expect.stringContaining("if she was ended, it counts as") },
  });
  expect(await queen.request("DELETE", "/v1/hives/far")).toMatchObject({
    status: 409,
    body: { code: "OPERATION_IN_PROGRESS", detail: expect.stringContaining("operation elsewhere of") },
  });

  await endOther();
  const begun = await queen.request("POST", "/v1/hives/far/start");
  expect(begun.status).toBe(202);
  expect(await queen.catalog.operations.get("elsewhere")).toMatchObject({
    state: "interrupted",
    problem: expect.stringContaining("the queen that ran it was ended"),
  });
  const { id } = begun.body as { id: string };
  expect(await ended(queen.request, id)).toMatchObject({
    state: "failed",
    problem: expect.stringMatching(/^connect: /),
  });
});

test("she looks back again and again: for queens that end later, and for operations that could not be read", async () => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, "hives.db");
  const catalog = await HiveCatalog.open(file);
  await using queen = await startTestQueen({ catalog });
  await queen.request("POST", "/v1/hives", REMOTE);
  const endOther = await runElsewhere(queen);
  const dead = { id: "dead", hiveId: HIVE_JSON.id, kind: "stop", owner: "one that never said that she runs" } as const;
  await queen.request("POST", "/v1/hives", HIVE_JSON);
  await catalog.operations.begin({ ...dead, deadlineMs: queen.clock.now() + 1000 });
  const untilInterrupted = (id: string) =>
    until(`${id} is ended for its queen`, async () => (await catalog.operations.get(id))?.state === "interrupted");
  queen.lifecycle.startLookingBack({ afterMs: 1, intervalMs: 20 });
  await untilInterrupted("dead");
  expect(await catalog.operations.get("elsewhere")).toMatchObject({ state: "running" });

  const sqlite = createClient({ url: `file:${file}` });
  await sqlite.execute("ALTER TABLE operations RENAME TO operations_away");
  await endOther();
  await until("she says that she could not look", () => queen.logLines.some(({ msg }) => msg.includes("looked at")));
  await sqlite.execute("ALTER TABLE operations_away RENAME TO operations");
  sqlite.close();
  await untilInterrupted("elsewhere");
});

test("a queen that stops ends what she runs, and says so", async () => {
  const queen = await startTestQueen();
  const { catalog } = queen;
  await queen.request("POST", "/v1/hives", REMOTE);
  const { body } = await queen.request("POST", "/v1/hives/far/start");
  const close = catalog.close.bind(catalog);
  catalog.close = async () => {};
  await queen[Symbol.asyncDispose]();
  const { state, problem } = (await catalog.operations.get((body as { id: string }).id)) ?? {};
  expect({ state, problem }).toEqual({ state: "interrupted", problem: "connect: the queen was stopped" });
  await close();
});

test("a hive whose operation runs is removed by force alone, and the operation ends", async () => {
  const silent = createServer().listen(0, "127.0.0.1");
  onTestFinished(() => void silent.close());
  await once(silent, "listening");
  const queen = await startQueen();
  await queen.request("POST", "/v1/hives", { ...REMOTE, ssh_port: (silent.address() as AddressInfo).port });
  const { body } = await queen.request("POST", "/v1/hives/far/start");
  const { id } = body as { id: string };
  await until("its first step has begun", async () => (await queen.catalog.operations.get(id))?.steps.length === 1);
  expect(await queen.request("GET", `/v1/operations/${id}`)).toMatchObject({ body: { steps: [{ state: "running" }] } });
  expect(await queen.request("DELETE", "/v1/hives/far?force=false")).toMatchObject({
    status: 409,
    body: { code: "OPERATION_IN_PROGRESS" },
  });
  expect(await queen.request("DELETE", "/v1/hives/far?force=yes")).toMatchObject({
    status: 400,
    body: { errors: [{ field: "force" }] },
  });
  expect(await queen.request("DELETE", "/v1/hives/far?force=true")).toMatchObject({ status: 204 });
  expect(await ended(queen.request, id)).toMatchObject({
    state: "interrupted",
    problem: "the hive was removed",
    steps: [{ name: "connect", state: "interrupted", ended_at_ms: null }],
  });
  await until("it is told", () => queen.logLines.some(({ msg }) => msg === "start interrupted"));
});

test("a hive whose operations are over, or those of a queen that is gone, is removed as ever", async () => {
  const queen = await startQueen();
  await queen.request("POST", "/v1/hives", REMOTE);
  const { body } = await queen.request("POST", "/v1/hives/far/start");
  expect(await ended(queen.request, (body as { id: string }).id)).toMatchObject({ state: "failed" });
  const endOther = await runElsewhere(queen);
  await endOther();
  expect(await queen.request("DELETE", "/v1/hives/far")).toMatchObject({ status: 204 });
  expect(await queen.catalog.operations.get("elsewhere")).toMatchObject({ state: "interrupted" });
});

test("refuses what can only fail, before anything begins", async () => {
  const queen = await startQueen();
  await queen.request("POST", "/v1/hives", REMOTE);
  await queen.request("POST", "/v1/hives", { ...HIVE_JSON, id: "unmanaged", host: "10.0.0.1" });
  const refused = async (path: string) => {
    const { status, body } = await queen.request("POST", path);
    return [status, (body as { code: string }).code];
  };
  expect(await refused("/v1/hives/far/install")).toEqual([409, "PUBLIC_URL_NEEDED"]);
  const { body } = await queen.request("POST", "/v1/hives/far/install");
  expect(body).toMatchObject({ detail: expect.stringContaining("as in QUEEN_PUBLIC_URL=http://10.0.1.1:8500") });
  expect(await refused("/v1/hives/unmanaged/start")).toEqual([409, "HIVE_NOT_MANAGED"]);
  expect(await refused("/v1/hives/nobody/start")).toEqual([404, "HIVE_NOT_FOUND"]);
  expect(await refused("/v1/operations/nothing/cancel")).toEqual([404, "OPERATION_NOT_FOUND"]);
  expect(await queen.request("GET", "/v1/operations/nothing")).toMatchObject({ status: 404 });
  expect(await queen.request("GET", "/v1/hives/unmanaged/ssh-host-key")).toMatchObject({ status: 409 });
  expect(await queen.request("DELETE", "/v1/hives/far/ssh-host-key")).toMatchObject({ status: 404 });
  expect(await queen.request("GET", "/v1/operations?limit=0")).toMatchObject({ status: 400 });
  expect((await queen.request("GET", "/v1/operations")).body).toEqual({ operations: [], next_after: null });
  // Not even that she runs, which a queen says before she begins.
  expect(await queen.catalog.queens.list()).toEqual([]);
});

test("contacts no host over SSH that is not allowed", async () => {
  const queen = await startQueen();
  await queen.request("POST", "/v1/hives", { ...REMOTE, ssh_host: "10.0.0.1" });
  const { body } = await queen.request("POST", "/v1/hives/far/start");
  const { id } = body as { id: string };
  expect(await ended(queen.request, id)).toMatchObject({ problem: expect.stringContaining("QUEEN_ALLOWED_HOSTS") });
  const keys = await queen.request("POST", "/v1/hives/far/ssh-host-key/scan");
  expect(keys.body).toMatchObject({ offered: [], problem: expect.stringContaining("QUEEN_ALLOWED_HOSTS") });
  const path = "/v1/hives/far/ssh-host-key";
  const confirmed = await queen.request("POST", path, { fingerprint: `SHA256:${"A".repeat(43)}` });
  expect(confirmed).toMatchObject({ status: 502, body: { code: "SSH_UNREACHABLE" } });
});

test("says which program of SSH is not installed", async () => {
  const queen = await startQueen(new FakeClock(), { PATH: "/nowhere" });
  await queen.request("POST", "/v1/hives", REMOTE);
  const { body } = await queen.request("POST", "/v1/hives/far/start");
  const { id } = body as { id: string };
  expect(await ended(queen.request, id)).toMatchObject({
    state: "failed",
    problem: expect.stringMatching(/^connect: ssh is not installed \[PROGRAM_NOT_STARTED\]; next: install /),
  });
  const keys = await queen.request("POST", "/v1/hives/far/ssh-host-key/scan");
  expect(keys).toMatchObject({ status: 200, body: { offered: [], problem: "ssh-keyscan is not installed" } });
});

test("lists operations, the newest first, page by page and of one hive alone", async () => {
  const queen = await startQueen();
  for (const id of ["a", "b"]) {
    await queen.request("POST", "/v1/hives", { ...REMOTE, id, ssh_port: await unusedPort() });
    for (const kind of ["start", "stop"]) {
      const { body } = await queen.request("POST", `/v1/hives/${id}/${kind}`);
      await ended(queen.request, (body as { id: string }).id);
    }
  }
  const page = async (query: string) =>
    (await queen.request("GET", `/v1/operations?${query}`)).body as {
      operations: { id: string; hive_id: string; kind: string }[];
      next_after: string | null;
    };
  const first = await page("limit=3");
  expect(first.operations.map(({ hive_id, kind }) => `${hive_id} ${kind}`)).toEqual(["b stop", "b start", "a stop"]);
  const second = await page(`limit=3&after=${first.next_after}`);
  expect(second.operations.map(({ hive_id, kind }) => `${hive_id} ${kind}`)).toEqual(["a start"]);
  expect(second.next_after).toBeNull();
  expect((await page("hive_id=a")).operations.map(({ kind }) => kind)).toEqual(["stop", "start"]);
});
