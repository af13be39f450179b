import { expect, test } from "vitest";
import { answer, HEALTHY, startHive } from "../../test/hive-server.ts";
import { published } from "../../test/published.ts";
import { addHive, beat, LIVENESS_SETTINGS, pass, startTestQueen, type TestQueen } from "../../test/test-queen.ts";

const SILENT = "it answers health checks, but its heartbeats do not arrive";
const NOT_TOLD = `${SILENT}: the log of its agent says why`;
const NO_TOKEN = `${SILENT}: callers need a token, and none of this hive is in force`;
const TOKEN_UNUSED = `${SILENT}: callers need a token, and it has not shown its own here`;

async function rowsThatDoNotBeat(queen: TestQueen, authorization?: string) {
  const headers = authorization === undefined ? {} : { authorization };
  const { body } = await queen.send({ method: "GET", url: "/v1/fleet?not_beating=true", headers });
  return body as { hives: Record<string, unknown>[]; totals: Record<string, number> };
}

/** Queens reuse totals for those who ask soon after. */
const later = (queen: TestQueen) => pass(queen, LIVENESS_SETTINGS.staleAfterMs);

const tokenOf = async (queen: TestQueen, json: object, authorization?: string) => {
  const headers = authorization === undefined ? {} : { authorization };
  const { body } = await queen.send({ method: "POST", url: "/v1/tokens", headers, payload: json });
  return `Bearer ${(body as { token: string }).token}`;
};

/** It answers health checks, too. */
async function aHiveThatBeats() {
  const queen = await startTestQueen();
  const hive = await startHive();
  await addHive(queen, hive.port);
  await beat(queen);
  await queen.watch.runRound();
  return { queen, hive, [Symbol.asyncDispose]: () => queen[Symbol.asyncDispose]() };
}

test("a hive that answers health checks alone is listed and counted, with why as far as it is known", async () => {
  await using site = await aHiveThatBeats();
  const { queen } = site;
  expect(await rowsThatDoNotBeat(queen)).toMatchObject({ hives: [], totals: { not_beating: 0 } });
  await later(queen);
  const silent = { not_beating: "not_known", status: { value: "online", rule: "answers_probes", why: NOT_TOLD } };
  expect(await rowsThatDoNotBeat(queen)).toMatchObject({ hives: [silent], totals: { online: 1, not_beating: 1 } });
  await beat(queen);
  expect(await rowsThatDoNotBeat(queen)).toMatchObject({ hives: [] });
});

test("of a hive that is kept out because it has no token, that is said, in the log and in an event too", async () => {
  await using site = await aHiveThatBeats();
  const { queen } = site;
  await queen.watch.sweep();
  const authorization = await tokenOf(queen, { name: "me", role: "operator" });
  expect(await beat(queen)).toMatchObject({ status: 401 });
  await queen.door.known.refresh();
  await later(queen);
  const why = { not_beating: "no_token", status: { why: NO_TOKEN } };
  expect(await rowsThatDoNotBeat(queen, authorization)).toMatchObject({ hives: [why] });
  const warned = queen.logLines.filter(({ level }) => level === 40);
  expect(warned).toMatchObject([
    { hive_id: "hive-a", why: NO_TOKEN, msg: "the heartbeats of this hive do not arrive" },
  ]);
  expect(published(queen, "hive_changed").at(-1)?.[1]).toMatchObject({ changed: NO_TOKEN });
  const own = await tokenOf(queen, { name: "hive-a", role: "hive", hive_id: "hive-a" }, authorization);
  await queen.door.known.refresh();
  const unused = { not_beating: "token_unused", status: { why: TOKEN_UNUSED } };
  expect(await rowsThatDoNotBeat(queen, authorization)).toMatchObject({ hives: [unused] });
  await queen.send({ method: "GET", url: "/v1/me", headers: { authorization: own } });
  const unknown = { not_beating: "not_known", status: { why: NOT_TOLD } };
  expect(await rowsThatDoNotBeat(queen, authorization)).toMatchObject({ hives: [unknown] });
});

test("an event says what of a hive changed by itself, and what of it was written", async () => {
  await using site = await aHiveThatBeats();
  const { queen, hive } = site;
  await queen.watch.sweep();
  hive.routes = { "/health": answer(500, "ill") };
  await queen.watch.runRound();
  await queen.watch.sweep();
  hive.routes = HEALTHY;
  await queen.watch.runRound();
  await queen.watch.sweep();
  const write = (body: object) => queen.request("PATCH", "/v1/hives/hive-a", body);
  await write({ labels: { rack: "r1" } });
  await write({ ssh_host: "127.0.0.1" });
  await write({ ssh_host: "127.0.0.1" });
  await queen.request("PUT", "/v1/hives/hive-a/devices", { cpu: { cores: 1, ram_gb: 1 }, gpus: [] });
  await queen.catalog.labels.set("hive-a", {});
  await queen.watch.runRound();
  const told = published(queen, "hive_changed").map(([, { changed, labels }]) => ({ changed, labels }));
  const labels = { rack: "r1" };
  expect(told.slice(-7)).toEqual([
    { changed: expect.stringMatching(/^its health checks fail: .*500/) },
    { changed: "it answers health checks again" },
    { changed: "labels", labels },
    { changed: "address", labels },
    { changed: "written anew", labels },
    { changed: "devices" },
    { changed: "labels" },
  ]);
});
