import { isDeepStrictEqual } from "node:util";
import * as fc from "fast-check";
import type { HiveCatalog } from "../../src/catalog.ts";
import { CatalogFile } from "../catalog-file.ts";
import { type Call, callCatalog, type Outcome } from "./calls.ts";
import { HIVE_IDS, START_MS } from "./hive-calls.ts";
import { ModelCatalog } from "./model-catalog.ts";
import { OtherProcess } from "./other-process.ts";
import { type Step, steps } from "./steps.ts";
import { TOKEN_IDS } from "./table-calls.ts";

export type ModelReport = { runs: number; steps: number; kills: number };

type Options = {
  runs: number;
  seed: number;
  /** Ends the runs early, without a failure. */
  timeLimitMs?: number;
  onRun?: (report: ModelReport) => void;
};

/** Runs random steps on two catalogs of one file, one of them in another process, and on a model. Throws at the first difference. */
export async function checkModel({ runs, seed, timeLimitMs, onRun }: Options): Promise<ModelReport> {
  const report: ModelReport = { runs: 0, steps: 0, kills: 0 };
  await using other = new OtherProcess();
  const property = fc.asyncProperty(steps, async (given) => {
    await runSteps(given, other);
    report.runs++;
    report.steps += given.length;
    report.kills += given.filter(({ kind }) => kind === "kill").length;
    onRun?.(report);
  });
  const limit =
    timeLimitMs === undefined ? {} : { interruptAfterTimeLimit: timeLimitMs, markInterruptAsFailure: false };
  await fc.assert(property, { numRuns: runs, seed, ...limit });
  return report;
}

async function runSteps(given: Step[], other: OtherProcess): Promise<void> {
  await using file = await CatalogFile.migrated();
  let model = new ModelCatalog({ nowMs: START_MS });
  const open = () => file.open({ now: () => model.nowMs });
  let here = await open();
  await other.open(file.path);
  for (const call of FIRST) expectSame(await callCatalog(here, call), asJson(model.call(call)), call);
  for (const step of given) {
    if (step.kind === "call") {
      model.nowMs = Math.max(0, model.nowMs + step.advanceMs);
      const { call } = step;
      const tokens = { before: model.tokens.list(), version: await here.tokens.version() };
      const expected = asJson(model.call(call));
      const actual = step.side === "here" ? await callCatalog(here, call) : await other.call(call, model.nowMs);
      expectSame(actual, expected, call);
      await expectState(here, model);
      const hasChanged = (await here.tokens.version()) !== tokens.version;
      if (hasChanged === isDeepStrictEqual(model.tokens.list(), tokens.before)) {
        throw new Error(
          `after ${JSON.stringify(call)} the version of the tokens has ${hasChanged ? "" : "not "}changed`,
        );
      }
    } else if (step.kind === "kill") {
      model = await killWhileWorking(step, model, here, other);
      await other.open(file.path);
    } else if (step.side === "here") {
      await here.close();
      here = await open();
    } else {
      await other.close();
      await other.open(file.path);
    }
  }
  await expectState(here, model);
  await other.close();
  const check = file.read("PRAGMA integrity_check").flat();
  if (!isDeepStrictEqual(check, ["ok"])) throw new Error(`integrity_check says ${check}`);
}

/** What each run begins with: most calls need a hive. */
const FIRST: Call[] = ["a", "b"].map((id) => ({ method: "addHive", args: [{ id, host: "127.0.0.1", port: 1 }] }));

/** All that can be seen of a catalog. */
const STATE: Call[] = [
  ...["listHives", "cordons.list", "tokens.list", "operations.list", "operations.unfinished", "hostKeys.list"].map(
    (method) => ({ method, args: [] }),
  ),
  ...HIVE_IDS.flatMap((id) => ["hiveExists", "getHive"].map((method) => ({ method, args: [id] }))),
  ...TOKEN_IDS.map((id) => ({ method: "tokens.get", args: [id] })),
];

async function expectState(here: HiveCatalog, model: ModelCatalog): Promise<void> {
  for (const read of STATE) expectSame(await callCatalog(here, read), asJson(model.call(read)), read);
}

/** What was answered is stored, and beyond it any number of the calls that follow. Returns the model of what is there. */
async function killWhileWorking(
  { calls, answers }: Extract<Step, { kind: "kill" }>,
  model: ModelCatalog,
  here: HiveCatalog,
  other: OtherProcess,
): Promise<ModelCatalog> {
  const answered = await other.kill(calls, model.nowMs, answers);
  for (const [index, call] of calls.slice(0, answered.length).entries()) {
    expectSame(answered[index], asJson(model.call(call)), call);
  }
  const stored = await everything(model, (read) => callCatalog(here, read));
  for (let done = answered.length; done <= calls.length; done++) {
    const possible = new ModelCatalog(model);
    for (const call of calls.slice(answered.length, done)) possible.call(call);
    if (isDeepStrictEqual(await everything(possible, (read) => possible.call(read)), stored)) return possible;
  }
  throw new Error(
    `after a kill the file holds ${JSON.stringify(stored)}, and no number of ${JSON.stringify(calls)} explains it`,
  );
}

/** All that is there: at the beginning of time every cordon is in force, and so is seen. */
async function everything(
  clock: { nowMs: number },
  read: (call: Call) => Outcome | Promise<Outcome>,
): Promise<unknown> {
  const { nowMs } = clock;
  clock.nowMs = 0;
  const outcomes: Outcome[] = [];
  for (const call of STATE) outcomes.push(await read(call));
  clock.nowMs = nowMs;
  return asJson(outcomes);
}

function expectSame(actual: Outcome | undefined, expected: unknown, call: Call): void {
  if (isDeepStrictEqual(asJson(actual), expected)) return;
  throw new Error(`${JSON.stringify(call)} came to ${JSON.stringify(actual)}, not to ${JSON.stringify(expected)}`);
}

/** As it comes back from the other process. */
function asJson(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value ?? null));
}
