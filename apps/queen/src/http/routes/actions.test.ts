import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createClient } from "@libsql/client";
import { HiveCatalog } from "@repo/hive-catalog";
import { temporaryFolder } from "@repo/hive-catalog/testing";
import { expect, test, vi } from "vitest";
import { deadPort, startHive } from "../../../test/hive-server.ts";
import { act, addMany, countsIn, saidOf } from "../../../test/many-hives.ts";
import { expectRefusal } from "../../../test/refusal.ts";
import { HIVE_JSON, startTestQueen } from "../../../test/test-queen.ts";
import { Costs } from "../door/costs.ts";

const MANY = Array(1001).fill("a");
const DEVICES = { cpu: { cores: 8, ram_gb: 32 }, gpus: [] };
const json = (body: object) => (_request: unknown, response: { end(text: string): void }) =>
  response.end(JSON.stringify(body));
const answering = (devices: object, health: object = {}) => ({ "/health": json(health), "/v1/devices": json(devices) });

test("of many hives ten fail, each in its own way, and the others are done", async () => {
  await using folder = await temporaryFolder();
  const file = `${folder.path}/hives.db`;
  await using queen = await startTestQueen({
    catalog: await HiveCatalog.open(file, { onCorruptHive: () => undefined }),
  });
  const { port } = await startHive(answering(DEVICES));
  const all = await addMany(queen, 110, { port });
  const others: Record<string, { port?: number; host?: string }> = {
    "a-silent": { port: await deadPort() },
    "a-stranger": { port: (await startHive(answering(DEVICES, { id: "somebody-else" }))).port },
    "b-nonsense": { port: (await startHive(answering({ cpu: "many" }))).port },
    "b-no-devices": { port: (await startHive({})).port },
    "c-forbidden": { host: "10.0.0.1" },
    "c-nameless": { host: "no-such-host.invalid" },
    "d-damaged": {},
    "d-gone": {},
  };
  for (const [id, fields] of Object.entries(others)) await queen.catalog.addHive({ ...HIVE_JSON, id, ...fields });
  const other = createClient({ url: `file:${file}` });
  await other.execute("UPDATE hives SET port = 0 WHERE id = 'd-damaged'");
  other.close();
  const detect = queen.fleet.devices.detect.bind(queen.fleet.devices);
  queen.fleet.devices.detect = async (hive) => {
    if (hive.id === "hive-1000") await queen.catalog.removeHive("d-gone");
    return detect(hive);
  };
  const ids = ["never-there", "n\0l", ...all, ...Object.keys(others), "hive-1001"];
  const { hives, end } = await act(queen, { action: "detect", ids }, "?parallel=16");
  expect(saidOf(hives, "done")).toEqual({
    "a-silent": "failed HIVE_UNREACHABLE",
    "a-stranger": "failed WRONG_HIVE",
    "b-nonsense": "failed INVALID_DEVICES",
    "b-no-devices": "failed HIVE_UNREACHABLE",
    "c-forbidden": "failed HIVE_NOT_ALLOWED",
    "c-nameless": "failed HIVE_UNREACHABLE",
    "d-damaged": "failed CORRUPT_HIVE",
    "d-gone": "failed HIVE_NOT_FOUND",
    "never-there": "failed HIVE_NOT_FOUND",
    "n\0l": "failed HIVE_NOT_FOUND",
  });
  expect(end).toMatchObject({ running: 0, not_begun: 0, next_after: null, stopping: false });
  expect(countsIn(end)).toEqual({ done: 110, failed: 10 });
  expect(hives.get("hive-1100")?.detail).toBe("8 cores and 32 GB of RAM, no GPUs");
  expect((await queen.catalog.getHive("hive-1109"))?.devices).toEqual({ cpu: { cores: 8, ramGb: 32 }, gpus: [] });
});

test("cordons, uncordons and labels what has need of it, and says what was there before", async () => {
  await using queen = await startTestQueen();
  const { catalog } = queen;
  await addMany(queen, 5, { labels: { env: "dev" } });
  await catalog.cordons.set("hive-1000", { reason: "fans" });
  await catalog.cordons.set("hive-1001", { reason: "power" });
  const cordon = { action: "cordon", reason: "fans", selector: "" };
  const cordoned = await act(queen, cordon);
  expect(saidOf(cordoned.hives, "done")).toEqual({ "hive-1000": "skipped" });
  expect(cordoned.hives.get("hive-1001")?.detail).toBe('cordon until it is lifted, in place of that for "power"');
  expect((await catalog.cordons.list()).map(({ reason }) => reason)).toEqual(Array(5).fill("fans"));
  expect(countsIn((await act(queen, cordon)).end)).toEqual({ skipped: 5 });

  const ended = await act(queen, { action: "cordon", reason: "fans", for: "2h", ids: ["hive-1004"] });
  const until = new Date(queen.clock.now() + 7_200_000).toISOString();
  expect(ended.hives.get("hive-1004")?.detail).toBe(`cordon until ${until}, in place of that for "fans"`);

  await catalog.cordons.lift("hive-1002");
  await queen.fleet.cordons.refresh();
  const lifted = await act(queen, { action: "uncordon", selector: "env=dev" });
  expect(saidOf(lifted.hives, "done")).toEqual({ "hive-1002": "skipped" });
  expect(await catalog.cordons.list()).toEqual([]);

  const label = { action: "label", labels: { env: "prod", rack: "r1", old: null }, selector: "env=dev" };
  await catalog.labels.patch("hive-1003", { env: "prod", rack: "r1", old: "yes" });
  const labelled = await act(queen, label);
  expect([...labelled.hives.values()].map(({ detail }) => detail)).toEqual(
    Array(4).fill('env=prod (was "dev"), rack=r1'),
  );
  const again = await act(queen, { ...label, selector: "env=prod" });
  expect(saidOf(again.hives, "skipped")).toEqual({ "hive-1003": "done" });
  expect(again.hives.get("hive-1003")?.detail).toBe('no old (was "yes")');
  expect(Object.fromEntries(await catalog.labels.ofHives(["hive-1003"]))).toEqual({
    "hive-1003": { env: "prod", rack: "r1" },
  });
});

test("a label that is not to be overwritten stays, also one that somebody else sets just before", async () => {
  await using queen = await startTestQueen();
  const [early = "", late = ""] = await addMany(queen, 2);
  const { labels } = queen.catalog;
  await labels.set(early, { env: "dev" });
  const read = labels.ofHives.bind(labels);
  labels.ofHives = async (ids, options) => {
    const found = await read(ids, options);
    if (ids.includes(late)) await labels.set(late, { env: "test" });
    return found;
  };
  const label = { action: "label", labels: { env: "prod" }, overwrite: false };
  const detail = expect.stringContaining('env is "dev", and overwrite is false');
  const dry = await act(queen, { ...label, ids: [early] }, "?dry_run=true");
  expect(dry.hives.get(early)).toMatchObject({ outcome: "would_fail", detail });
  const { hives } = await act(queen, { ...label, ids: [early, late] });
  const problem = { code: "INVALID_HIVE" };
  expect(hives.get(early)).toMatchObject({ outcome: "failed", detail, problem });
  expect(hives.get(late)).toMatchObject({ outcome: "failed", problem });
  expect([await labels.get(early), await labels.get(late)]).toEqual([{ env: "dev" }, { env: "test" }]);
});

test("a hive whose agent was started is not removed, also where the clock was set back since it was added", async () => {
  await using queen = await startTestQueen();
  const [id = ""] = await addMany(queen, 1);
  queen.clock.wallMs -= 3_600_000;
  const { operations } = queen.catalog;
  await operations.begin({ id: "started", hiveId: id, kind: "start", owner: "other", deadlineMs: queen.clock.now() });
  const start = { name: "start", state: "done", startedAtMs: 1, endedAtMs: 2, detail: null } as const;
  await operations.save("started", { steps: [start], outputTail: "" });
  await operations.finish("started", { state: "succeeded" });
  const removed = await queen.request("DELETE", `/v1/hives/${id}`);
  expect(removed).toMatchObject({ status: 409, body: { code: "HIVE_RUNNING" } });
});

test("removes hives, but not one whose agent runs or on which something is done, unless by force", async () => {
  await using queen = await startTestQueen();
  const { catalog } = queen;
  await addMany(queen, 4);
  const deadlineMs = queen.clock.now() + 60_000;
  await catalog.queens.renew("other");
  await catalog.operations.begin({ id: "busy", hiveId: "hive-1000", kind: "start", owner: "other", deadlineMs });
  await catalog.operations.begin({ id: "started", hiveId: "hive-1001", kind: "start", owner: "other", deadlineMs });
  const start = { name: "start", state: "done", startedAtMs: 1, endedAtMs: 2, detail: null } as const;
  await catalog.operations.save("started", { steps: [start], outputTail: "" });
  await catalog.operations.finish("started", { state: "succeeded" });
  await catalog.operations.begin({
    id: "dead",
    hiveId: "hive-1002",
    kind: "stop",
    owner: "a queen that is gone",
    deadlineMs,
  });
  const kept = { "hive-1000": "OPERATION_IN_PROGRESS", "hive-1001": "HIVE_RUNNING" };
  const said = (outcome: string) =>
    Object.fromEntries(Object.entries(kept).map(([id, code]) => [id, `${outcome} ${code}`]));
  const remove = { action: "remove", status: "unknown" };
  expect(saidOf((await act(queen, remove, "?dry_run=true")).hives, "would_do")).toEqual(said("would_fail"));
  expect(saidOf((await act(queen, remove)).hives, "done")).toEqual(said("failed"));
  expect((await catalog.listHives()).map(({ id }) => id)).toEqual(Object.keys(kept));
  expect(countsIn((await act(queen, { ...remove, force: true })).end)).toEqual({ done: 2 });
  expect(await catalog.countHives()).toBe(0);
});

test("a dry run of each action says what would be done, and changes nothing of the file", async () => {
  await using folder = await temporaryFolder();
  const file = `${folder.path}/hives.db`;
  await using queen = await startTestQueen({ catalog: await HiveCatalog.open(file) });
  await addMany(queen, 3);
  await queen.request("POST", "/v1/hives/hive-1000/cordon", { reason: "fans" });
  await queen.catalog.addHive({ ...HIVE_JSON, id: "far", host: "10.0.0.1" });
  const deadlineMs = queen.clock.now() + 60_000;
  await queen.catalog.operations.begin({ id: "dead", hiveId: "hive-1001", kind: "stop", owner: "nobody", deadlineMs });
  const hash = () =>
    ["", "-wal"].map((end) =>
      createHash("sha256")
        .update(readFileSync(file + end))
        .digest("hex"),
    );
  const before = hash();
  const newest = queen.events.newest;
  const would = async (action: object) => {
    const { hives, end } = await act(queen, { selector: "", ...action }, "?dry_run=true");
    return [saidOf(hives, "would_do"), countsIn(end)];
  };
  const far = { far: "would_fail HIVE_NOT_MANAGED" };
  expect(await would({ action: "cordon", reason: "fans" })).toEqual([
    { "hive-1000": "would_skip" },
    { would_do: 3, would_skip: 1 },
  ]);
  expect(await would({ action: "uncordon", selector: "", cordoned: true })).toEqual([{}, { would_do: 1 }]);
  expect(await would({ action: "label", labels: { a: "b" } })).toEqual([{}, { would_do: 4 }]);
  expect(await would({ action: "detect" })).toEqual([{}, { would_do: 4 }]);
  for (const action of ["install", "start", "stop", "restart"]) {
    expect(await would({ action }), action).toEqual([far, { would_do: 3, would_fail: 1 }]);
  }
  expect(await would({ action: "remove" })).toEqual([{}, { would_do: 4 }]);
  expect(await would({ action: "remove", ids: ["nobody"], selector: undefined })).toEqual([
    { nobody: "would_fail HIVE_NOT_FOUND" },
    { would_fail: 1 },
  ]);
  expect(hash()).toEqual(before);
  expect(queen.events.newest).toBe(newest);
});

test("goes on after so many hives, and what cannot be read is said and left alone", async () => {
  await using folder = await temporaryFolder();
  const file = `${folder.path}/hives.db`;
  await using queen = await startTestQueen({
    catalog: await HiveCatalog.open(file, { onCorruptHive: () => undefined }),
  });
  const all = await addMany(queen, 250, { labels: { env: "prod" } });
  await queen.catalog.addHive({ ...HIVE_JSON, id: "elsewhere", labels: { env: "dev" } });
  const other = createClient({ url: `file:${file}` });
  await other.execute("UPDATE hives SET host = '' , port = -1 WHERE id = 'hive-1150'");
  other.close();
  const action = { action: "cordon", reason: "fans", selector: "env=prod", cordoned: false, limit: 140 };
  const first = await act(queen, action);
  expect([first.hives.size, first.end.next_after]).toEqual([140, "hive-1139"]);
  const few = await act(queen, { ...action, limit: 20, after: first.end.next_after }, "?dry_run=true");
  expect(countsIn(few.end)).toEqual({ would_do: 20, would_fail: 1 });
  const second = await act(queen, { ...action, after: first.end.next_after });
  expect(saidOf(second.hives, "done")).toEqual({ "hive-1150": "failed CORRUPT_HIVE" });
  expect([second.hives.size, second.end.next_after]).toEqual([110, null]);
  const cordoned = (await queen.catalog.cordons.list()).map(({ hiveId }) => hiveId);
  expect(cordoned).toEqual(all.filter((id) => id !== "hive-1150"));
});

test.each([
  [
    { action: "fly", selector: "" },
    "action",
    'must be one of cordon, uncordon, label, detect, install, start, stop, restart, remove, got "fly"',
  ],
  [{ selector: "" }, "action", "must be one of cordon,"],
  [{ action: "remove" }, "ids", "say which hives"],
  [{ action: "remove", after: "a", limit: 3 }, "ids", "say which hives"],
  [{ action: "remove", ids: ["a"], status: "offline" }, "status", "must be absent beside ids"],
  [{ action: "remove", status: [] }, "status", "must be one of them at least"],
  [{ action: "remove", status: "lost" }, "status", "must be one of unknown, online, offline"],
  [{ action: "remove", status: null }, "status", "must be a list"],
  [{ action: "remove", status: ["offline", "lost"] }, "status.1", "must be one of unknown, online, offline"],
  [{ action: "remove", ids: [] }, "ids", "must be a list of 1 to 1000 ids"],
  [{ action: "remove", ids: MANY }, "ids", "must be a list of 1 to 1000 ids"],
  [{ action: "remove", selector: "", force: "yes" }, "force", "must be true or false"],
  [{ action: "uncordon", selector: "", force: true }, "force", "is not a known field"],
  [{ action: "uncordon", selector: "a=b=c" }, "selector", "at character 4"],
  [{ action: "uncordon", selector: "", limit: 1001 }, "limit", "must be a whole number from 1 to 1000"],
  [{ action: "cordon", selector: "" }, "reason", "is required"],
  [{ action: "cordon", selector: "", reason: "x", for: "2h", until_ms: 9e15 }, "until_ms", ""],
  [{ action: "cordon", selector: "", reason: "x", until_ms: 5 }, "until_ms", "must be later than now"],
  [{ action: "label", selector: "", labels: { "no key": "x" } }, "labels.no key", "must have for its name"],
])("refuses a body before anything is done, and names what is wrong (%#)", async (action, field, message) => {
  await using queen = await startTestQueen();
  await queen.request("POST", "/v1/hives", HIVE_JSON);
  const request = { method: "POST", url: "/v1/hives/actions", payload: action } as const;
  await expectRefusal(queen, request, { status: 400, code: "INVALID_ARGUMENT" });
  const { body } = await queen.send(request);
  expect((body as { errors: object[] }).errors).toContainEqual({ field, message: expect.stringContaining(message) });
});

test.each(["parallel=0", "parallel=17", "dry_run=yes", "wait=1", "force=true"])("refuses ?%s", async (query) => {
  await using queen = await startTestQueen();
  const request = {
    method: "POST",
    url: `/v1/hives/actions?${query}`,
    payload: { action: "remove", selector: "" },
  } as const;
  await expectRefusal(queen, request, { status: 400, code: "INVALID_ARGUMENT", fields: [query.split("=")[0] ?? ""] });
});

test.each([
  ["online", ["online"]],
  [["online"], ["online"]],
  ["offline,unknown", ["offline", "unknown"]],
  [
    ["unknown", "offline"],
    ["offline", "unknown"],
  ],
])("chooses by a status or several, such as %j", async (status, ids) => {
  await using queen = await startTestQueen();
  for (const one of ["online", "offline", "unknown"] as const)
    await queen.catalog.addHive({ ...HIVE_JSON, id: one, status: one });
  const { hives } = await act(queen, { action: "cordon", reason: "fans", status });
  expect([...hives.keys()].toSorted()).toEqual(ids);
});

test("each hive is begun in a turn of its own, after what else waits", async () => {
  await using queen = await startTestQueen();
  await addMany(queen, 40);
  const turns = vi.spyOn(Costs.prototype, "turn");
  await act(queen, { action: "uncordon", selector: "" });
  expect(turns.mock.calls.length).toBe(41);
});
