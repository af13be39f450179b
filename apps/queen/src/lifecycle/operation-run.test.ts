import type { HiveCatalog } from "@repo/hive-catalog";
import { openTestCatalog } from "@repo/hive-catalog/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startServerCatalog } from "../../test/server-catalog.ts";
import { systemClock } from "../process/clock.ts";
import { OperationRun, type Step } from "./operation-run.ts";

let catalog: HiveCatalog;
beforeEach(async () => {
  catalog = await openTestCatalog();
  await catalog.addHive({ id: "a", host: "127.0.0.1", port: 1 });
});
afterEach(() => catalog.close());

async function newRun(timeoutMs = 20_000): Promise<OperationRun> {
  await catalog.operations.begin({ id: "op", hiveId: "a", kind: "start", owner: "test", deadlineMs: 1 });
  return new OperationRun("op", { catalog, clock: systemClock, timeoutMs, hiveId: "hive-a" });
}

const step = (name: string, work: Step["work"]): Step => ({ name, work });
const stepsStored = async () =>
  (await catalog.operations.get("op"))?.steps.map(({ name, state, detail }) => [name, state, detail]);

test("notes each step before it begins and after it ended", async () => {
  const run = await newRun();
  const end = await run.run([
    step("one", async () => {
      expect(await stepsStored()).toEqual([["one", "running", null]]);
      return "fine";
    }),
    step("two", async () => ({ skipped: "no need" })),
  ]);
  expect(end).toEqual({ state: "succeeded", problem: null });
  expect(await stepsStored()).toEqual([
    ["one", "done", "fine"],
    ["two", "skipped", "no need"],
  ]);
});

test("what the programs of one step write is apart from that of the step before", async () => {
  const run = await newRun();
  const writes =
    (...texts: string[]) =>
    async () => {
      for (const text of texts) run.onOutput(text);
      return "fine";
    };
  await run.run([step("one", writes("10.0.0.1", "7")), step("two", async () => "fine"), step("three", writes("up\n"))]);
  expect((await catalog.operations.get("op"))?.outputTail).toBe("10.0.0.17\nup\n");
});

test("stops at the first step that fails, and says which and why", async () => {
  const run = await newRun();
  const end = await run.run([
    step("one", () => Promise.reject(new Error("no\nluck"))),
    step("two", async () => "never"),
  ]);
  expect(end).toEqual({ state: "failed", problem: expect.stringMatching(/^one: no luck \[UNFORESEEN\]; next: /) });
  expect(await stepsStored()).toEqual([
    ["one", "failed", "no luck"],
    ["two", "skipped", null],
  ]);
});

test("stops at the next step when another queen has ended the operation", async () => {
  const run = await newRun();
  const end = await run.run([
    step("one", async () => {
      await catalog.operations.finish("op", { state: "interrupted" });
      return "fine";
    }),
    step("two", async () => "never"),
  ]);
  expect(end).toMatchObject({ state: "cancelled", problem: expect.stringMatching(/^two: another queen/) });
});

/** A step that ends only with its operation. */
const endless = (run: OperationRun) =>
  step(
    "endless",
    () => new Promise((_, reject) => run.signal.addEventListener("abort", () => reject(new Error("cut off")))),
  );

test.each(["cancelled", "interrupted"] as const)("%s, it ends with the running step", async (state) => {
  const run = await newRun();
  const running = run.run([endless(run)]);
  run.stop(state, new Error("why it ends"));
  run.stop(state === "cancelled" ? "interrupted" : "cancelled", new Error("what comes later"));
  expect(await running).toEqual({ state, problem: "endless: why it ends" });
});

test("has a deadline", async () => {
  const run = await newRun(20);
  expect(await run.run([endless(run)])).toEqual({
    state: "failed",
    problem: expect.stringMatching(/^endless: the operation took longer than 0\.02 s \[OPERATION_TOO_SLOW\]; next: /),
  });
});

test("keeps the end of the output, without secrets and without what a terminal would obey", async () => {
  const run = await newRun();
  run.hide("hq_1_s3cret");
  await run.run([
    step("one", async () => {
      run.onOutput(`${"x".repeat(100_000)}\n`);
      // A secret may come in pieces.
      for (const text of ["\u001b[31mred hq_1_", "s3cret", "\u0007 \u2028\u202e\u009bend\n"]) run.onOutput(text);
      return "with hq_1_s3cret";
    }),
  ]);
  const stored = await catalog.operations.get("op");
  expect(stored?.outputTail.length).toBeLessThanOrEqual(8192);
  expect(stored?.outputTail.endsWith("\n[31mred [secret] end\n")).toBe(true);
  expect(stored?.steps[0]?.detail).toBe("with [secret]");
});

test.each([
  ["every", "before", 5],
  ["every", "after", 4],
  ["the last", "before", 5],
  ["the last", "after", 4],
] as const)(
  "goes on where it is not known whether its progress was stored: %s connection is cut %s that was done",
  async (which, when, saves) => {
    const { catalog: remote, connection } = await startServerCatalog();
    await remote.addHive({ id: "a", host: "127.0.0.1", port: 1 });
    await remote.operations.begin({ id: "op", hiveId: "a", kind: "start", owner: "test", deadlineMs: 1 });
    const run = new OperationRun("op", { catalog: remote, clock: systemClock, timeoutMs: 20_000, hiveId: "hive-a" });
    const isSave = (statements: string) => statements.includes('set "steps_json"');
    let saved = 0;
    connection.cut = (statements) => {
      if (!isSave(statements)) return undefined;
      saved += 1;
      return which === "every" || saved === 4 ? when : undefined;
    };

    const end = await run.run([step("one", async () => "fine"), step("two", async () => "fine")]);

    expect(end).toEqual({ state: "succeeded", problem: null });
    expect(saved).toBe(saves);
    const isLost = which === "every" && when === "before";
    const states = (await remote.operations.get("op"))?.steps.map(({ state }) => state);
    expect(states).toEqual(isLost ? [] : ["done", "done"]);
  },
);
