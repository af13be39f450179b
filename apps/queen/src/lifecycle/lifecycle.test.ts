import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { OperationStep } from "@repo/hive-catalog";
import { temporaryFolder } from "@repo/hive-catalog/testing";
import { expect, onTestFinished, test, vi } from "vitest";
import { published } from "../../test/published.ts";
import { startServerCatalog } from "../../test/server-catalog.ts";
import { addHive, HIVE_JSON, LIFECYCLE_SETTINGS, startTestQueen } from "../../test/test-queen.ts";
import { wholeTurn } from "../process/turn.ts";
import type { QueenOptions } from "../queen.ts";
import type { OnStep } from "./operation-run.ts";

test("of a hive that is removed as a step begins no step is told any more: the log of events would keep it", async () => {
  await using queen = await startTestQueen();
  await addHive(queen, 8600);
  const { operations } = queen.catalog;
  const save = operations.save.bind(operations);
  vi.spyOn(operations, "save").mockImplementationOnce(async (...saved) => {
    const removed = await queen.request("DELETE", `/v1/hives/${HIVE_JSON.id}?force=true`);
    expect(removed.status).toBe(204);
    return save(...saved);
  });
  const { id } = await queen.lifecycle.begin("stop", HIVE_JSON.id);
  expect((await queen.lifecycle.ended(id)).problem).toBe("the hive was removed");
  expect(published(queen).map(([type]) => type)).toEqual(["hive_added", "operation", "hive_removed", "operation"]);
});

/** What tells of steps, and what resolves when the one that stops the agent is so. */
function stepIs(wanted: OperationStep["state"]): [OnStep, Promise<void>] {
  let tell = () => {};
  const told = new Promise<void>((resolve) => {
    tell = resolve;
  });
  return [(_, { name, state }) => void (name === "stop" && state === wanted && tell()), told];
}

const STOPS = 'console.log("not running");';

/** A queen on whose machine an agent stands that never runs: by default to stop it succeeds. */
async function startQueenWithAgent(options: Pick<Partial<QueenOptions>, "catalog"> = {}, agent = STOPS) {
  const home = await temporaryFolder();
  onTestFinished(() => home[Symbol.asyncDispose]());
  const folder = join(home.path, ".hive", HIVE_JSON.id);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "agent.mjs"), agent);
  const programEnv = { PATH: process.env.PATH ?? "", HOME: home.path };
  const queen = await startTestQueen({ ...options, lifecycle: { ...LIFECYCLE_SETTINGS, programEnv } });
  onTestFinished(() => queen[Symbol.asyncDispose]());
  await addHive(queen, 1);
  return queen;
}

test("the status that it brings is stored after what is being written of that hive", async () => {
  const { catalog, fleet, lifecycle, presence } = await startQueenWithAgent();
  const [onStep, isStopped] = stepIs("done");
  const { id } = await lifecycle.begin("stop", HIVE_JSON.id, onStep);
  await fleet.turns.take(HIVE_JSON.id, async () => {
    await isStopped;
    await wholeTurn();
    await catalog.patchHive(HIVE_JSON.id, { status: "online" });
  });
  expect(await lifecycle.ended(id)).toMatchObject({ state: "succeeded" });
  expect(await catalog.getHive(HIVE_JSON.id)).toMatchObject({ status: "offline" });
  // By that other queens know that it is not of one who is gone.
  expect((await catalog.queens.list()).map((one) => one.id)).toEqual([presence.id]);
});

test("where it is not known whether the status was stored, it has succeeded, and the status is not taken for known", async () => {
  const { catalog, connection } = await startServerCatalog();
  const { fleet, lifecycle, logLines } = await startQueenWithAgent({ catalog });
  connection.cut = (statements) => (/update "hives" set "status"/i.test(statements) ? "after" : undefined);
  const { id } = await lifecycle.begin("stop", HIVE_JSON.id);
  expect(await lifecycle.ended(id)).toMatchObject({ state: "succeeded" });
  expect(logLines.map(({ msg }) => msg)).toContain("the next sign of the hive decides its status");
  expect(fleet.sight(HIVE_JSON.id)?.status).toBeUndefined();
});

test("one that is cancelled has ended when that is answered", async () => {
  const { lifecycle } = await startQueenWithAgent({}, "setInterval(() => undefined, 1000);");
  const [onStep, isRunning] = stepIs("running");
  const { id } = await lifecycle.begin("stop", HIVE_JSON.id, onStep);
  await isRunning;
  expect(await lifecycle.cancel(id)).toMatchObject({ state: "cancelled", finishedAtMs: expect.any(Number) });
});
