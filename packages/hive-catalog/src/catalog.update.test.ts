import { expect, test } from "vitest";
import { fieldsOf, refusalOf } from "../test/refusal.ts";
import { aHive, openTestCatalog } from "./testing.ts";

const NOW_MS = 1_761_040_800_000;
const MINUTE_MS = 60_000;

/** A catalog whose clock the test moves. */
async function catalogWithClock() {
  const clock = { nowMs: NOW_MS };
  return { clock, catalog: await openTestCatalog({ now: () => clock.nowMs }) };
}

test("the first beat is stored, even one at 0", async () => {
  await using catalog = await openTestCatalog({ now: () => NOW_MS });
  const hive = await catalog.addHive(aHive());
  await catalog.updateHeartbeat(hive.id, 0);
  expect((await catalog.getHive(hive.id))?.lastHeartbeatMs).toBe(0);
});

test("updateHive moves the heartbeat forward, never back: a stale copy does not undo a beat", async () => {
  await using catalog = await openTestCatalog({ now: () => NOW_MS });
  const stale = await catalog.addHive(aHive({ lastHeartbeatMs: NOW_MS - 100 }));
  await catalog.updateHeartbeat(stale.id, NOW_MS - 50);
  expect(await catalog.updateHive({ ...stale, port: 1 })).toMatchObject({ lastHeartbeatMs: NOW_MS - 50, port: 1 });
  expect(await catalog.updateHive({ ...stale, lastHeartbeatMs: null })).toMatchObject({ lastHeartbeatMs: NOW_MS - 50 });
  expect(await catalog.updateHive({ ...stale, lastHeartbeatMs: NOW_MS })).toMatchObject({ lastHeartbeatMs: NOW_MS });
  expect((await catalog.getHive(stale.id))?.lastHeartbeatMs).toBe(NOW_MS);
});

test("updateHive gives a heartbeat to a hive that had none, and leaves none where there is none", async () => {
  await using catalog = await openTestCatalog({ now: () => NOW_MS });
  const hive = await catalog.addHive(aHive());
  expect((await catalog.updateHive(hive)).lastHeartbeatMs).toBeNull();
  expect((await catalog.updateHive({ ...hive, lastHeartbeatMs: 5 })).lastHeartbeatMs).toBe(5);
});

test.each([
  ["a minute ahead is kept", MINUTE_MS, NOW_MS + MINUTE_MS],
  ["more than a minute ahead is replaced", MINUTE_MS + 1, NOW_MS - 7],
  ["years ahead is replaced", 1e12, NOW_MS - 7],
])("a stored beat that is %s by the next one", async (_name, aheadMs, expectedMs) => {
  await using catalog = await openTestCatalog({ now: () => NOW_MS });
  const hive = aHive({ lastHeartbeatMs: NOW_MS + aheadMs });
  await catalog.addHive({ ...hive, id: "by-beat" });
  await catalog.addHive({ ...hive, id: "by-update" });
  await Promise.all(["x", "y"].map((id) => catalog.addHive({ ...hive, id })));

  await catalog.updateHeartbeat("by-beat", NOW_MS - 7);
  await Promise.all(["x", "y"].map((id) => catalog.updateHeartbeat(id, NOW_MS - 7)));
  await catalog.updateHive({ ...hive, id: "by-update", lastHeartbeatMs: NOW_MS - 7 });

  const beats = (await catalog.listHives()).map(({ lastHeartbeatMs }) => lastHeartbeatMs);
  expect(beats).toEqual([expectedMs, expectedMs, expectedMs, expectedMs]);
});

test("updateHive without a heartbeat keeps one that is far ahead: only a beat replaces a beat", async () => {
  await using catalog = await openTestCatalog({ now: () => NOW_MS });
  const hive = await catalog.addHive(aHive({ lastHeartbeatMs: NOW_MS + 1e9 }));
  expect((await catalog.updateHive({ ...hive, lastHeartbeatMs: null })).lastHeartbeatMs).toBe(NOW_MS + 1e9);
});

test("updatedAtMs is the time of the last change of anything but the heartbeat", async () => {
  const { clock, catalog } = await catalogWithClock();
  await using _ = catalog;
  const hive = await catalog.addHive(aHive({ createdAtMs: 1, updatedAtMs: 2 }));
  const updatedAtMs = async () => (await catalog.getHive(hive.id))?.updatedAtMs;
  expect(await updatedAtMs()).toBe(2);

  clock.nowMs = NOW_MS + 1;
  await catalog.updateHeartbeat(hive.id, NOW_MS);
  expect(await updatedAtMs()).toBe(2);

  const changes = [
    () => catalog.updateHiveStatus(hive.id, "online"),
    () => catalog.updateDevices(hive.id, { cpu: null, gpus: [] }),
    () => catalog.patchHive(hive.id, { port: 1 }),
    () => catalog.updateHive(hive),
    () => catalog.markOffline(hive.id, NOW_MS + MINUTE_MS),
  ];
  for (const change of changes) {
    clock.nowMs += 10;
    await change();
    expect(await updatedAtMs(), String(change)).toBe(clock.nowMs);
  }
});

test("createdAtMs is what addHive was given, or now, and never changes after", async () => {
  const { clock, catalog } = await catalogWithClock();
  await using _ = catalog;
  const hive = await catalog.addHive(aHive({ createdAtMs: 7 }));
  clock.nowMs += 1000;
  expect((await catalog.updateHive({ ...hive, createdAtMs: 8 })).createdAtMs).toBe(7);
  await catalog.updateHiveStatus(hive.id, "online");
  await catalog.updateDevices(hive.id, { cpu: null, gpus: [] });
  await catalog.updateHeartbeat(hive.id, 9);
  expect((await catalog.patchHive(hive.id, { port: 1 })).createdAtMs).toBe(7);
  expect((await catalog.getHive(hive.id))?.createdAtMs).toBe(7);
});

test.each([
  ["host", { host: "192.168.1.1" }],
  ["port", { port: 9000 }],
  ["sshHost", { sshHost: "jump" }],
  ["sshPort", { sshPort: 2222 }],
  ["sshUser", { sshUser: null }],
  ["status", { status: "offline" }],
  ["devices", { devices: null }],
  ["several at once", { host: "h", sshHost: null, sshPort: null, sshUser: null, devices: { cpu: null, gpus: [] } }],
] as const)("patchHive changes %s, updatedAtMs, and nothing else", async (_name, changes) => {
  await using catalog = await openTestCatalog({ now: () => NOW_MS + 3 });
  const hive = await catalog.addHive(aHive({ lastHeartbeatMs: NOW_MS }));
  const expected = { ...hive, ...changes, updatedAtMs: NOW_MS + 3 };
  const copied = { ...changes } as Parameters<typeof catalog.patchHive>[1];
  expect(await catalog.patchHive(hive.id, copied)).toEqual(expected);
  expect(await catalog.getHive(hive.id)).toEqual(expected);
});

test("patchHive leaves alone what is undefined", async () => {
  await using catalog = await openTestCatalog({ now: () => NOW_MS });
  const hive = await catalog.addHive(aHive());
  const changes = { host: undefined, sshHost: undefined, devices: undefined, status: undefined, port: 1 };
  expect(await catalog.patchHive(hive.id, changes)).toEqual({ ...hive, port: 1, updatedAtMs: NOW_MS });
});

test.each([
  ["sshPort for a hive without sshHost", { sshHost: null }, { sshPort: 22 }, ["sshPort"]],
  ["sshUser for a hive without sshHost", { sshHost: null }, { sshUser: "root" }, ["sshUser"]],
  ["both", { sshHost: null }, { sshUser: "root", sshPort: 22 }, ["sshPort", "sshUser"]],
  ["no sshHost while port and user stay", {}, { sshHost: null }, ["sshHost"]],
  ["no sshHost and sshPort while the user stays", {}, { sshHost: null, sshPort: null }, ["sshHost"]],
  ["no sshHost, but an sshPort", {}, { sshHost: null, sshPort: 22, sshUser: null }, ["sshPort"]],
] as const)("patchHive throws INVALID_HIVE for %s and stores nothing", async (_name, before, changes, fields) => {
  await using catalog = await openTestCatalog();
  const ssh = "sshHost" in before ? { sshHost: null, sshPort: null, sshUser: null } : {};
  const hive = await catalog.addHive(aHive(ssh));
  const error = await refusalOf(catalog.patchHive(hive.id, changes));
  expect(error).toMatchObject({ code: "INVALID_HIVE", hiveId: hive.id });
  expect(fieldsOf(error)).toEqual(fields);
  expect(error.message).toMatch(`hive ${JSON.stringify(hive.id)} is not valid: ${fields[0]}: `);
  expect(await catalog.getHive(hive.id)).toEqual(hive);
});

test("patchHive takes sshPort and sshUser when the stored hive has an sshHost, and all three at once", async () => {
  await using catalog = await openTestCatalog();
  const hive = await catalog.addHive(aHive({ sshPort: null, sshUser: null }));
  expect(await catalog.patchHive(hive.id, { sshPort: 2222 })).toMatchObject({ sshPort: 2222 });
  const none = { sshHost: null, sshPort: null, sshUser: null };
  expect(await catalog.patchHive(hive.id, none)).toMatchObject(none);
  const all = { sshHost: "h", sshPort: 1, sshUser: "u" };
  expect(await catalog.patchHive(hive.id, all)).toMatchObject(all);
});

test("markOffline changes the status when the last beat is too old or there was none", async () => {
  await using catalog = await openTestCatalog({ now: () => NOW_MS });
  await catalog.addHive(aHive({ id: "old", status: "online", lastHeartbeatMs: NOW_MS - MINUTE_MS - 1 }));
  await catalog.addHive(aHive({ id: "never", status: "unknown" }));
  for (const id of ["old", "never"]) {
    expect(await catalog.markOffline(id, NOW_MS - MINUTE_MS)).toBe(true);
    expect(await catalog.getHive(id)).toMatchObject({ status: "offline", updatedAtMs: NOW_MS });
  }
});

test("markOffline does not believe a beat more than a minute ahead", async () => {
  await using catalog = await openTestCatalog({ now: () => NOW_MS });
  const hive = await catalog.addHive(aHive({ status: "online", lastHeartbeatMs: NOW_MS + MINUTE_MS + 1 }));
  expect(await catalog.markOffline(hive.id, NOW_MS - MINUTE_MS)).toBe(true);
});

test("markOffline of a hive that is offline, unknown or impossible changes nothing and says so", async () => {
  await using catalog = await openTestCatalog({ now: () => NOW_MS });
  const hive = await catalog.addHive(aHive({ status: "offline" }));
  for (const id of [hive.id, "nobody", "no such id"]) expect(await catalog.markOffline(id, NOW_MS)).toBe(false);
  expect(await catalog.listHives()).toEqual([hive]);
});
