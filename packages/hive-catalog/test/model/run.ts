import { isDeepStrictEqual } from "node:util";
import * as fc from "fast-check";
import type { HiveCatalog } from "../../src/catalog.ts";
import { CatalogFile } from "../catalog-file.ts";
import { type Call, callCatalog, type Outcome } from "./calls.ts";
import { ModelCatalog } from "./model-catalog.ts";
import { OtherProcess } from "./other-process.ts";
import { HIVE_IDS, START_MS, type Step, steps } from "./steps.ts";

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
  await using file = await CatalogFile.create();
  let model = new ModelCatalog();
  model.nowMs = START_MS;
  const open = () => file.open({ now: () => model.nowMs });
  let here = await open();
  await other.open(file.path);
  for (const step of given) {
    if (step.kind === "call") {
      model.nowMs = Math.max(0, model.nowMs + step.advanceMs);
      const expected = asJson(model.call(step.call));
      const { call } = step;
      const actual = step.side === "here" ? await callCatalog(here, call) : await other.call(call, model.nowMs);
      expectSame(actual, expected, call);
      for (const one of HIVE_IDS) {
        for (const read of [
          { method: "hiveExists", args: [one] },
          { method: "getHive", args: [one] },
        ]) {
          expectSame(await callCatalog(here, read), asJson(model.call(read)), read);
        }
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
  expectSame(await callCatalog(here, LIST), asJson(model.call(LIST)), LIST);
  await other.close();
  const check = file.read("PRAGMA integrity_check").flat();
  if (!isDeepStrictEqual(check, ["ok"])) throw new Error(`integrity_check says ${check}`);
}

const LIST: Call = { method: "listHives", args: [] };

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
  const stored = asJson(await callCatalog(here, LIST));
  const possible = new ModelCatalog(model.hives);
  possible.nowMs = model.nowMs;
  for (const call of [undefined, ...calls.slice(answered.length)]) {
    if (call) possible.call(call);
    if (isDeepStrictEqual(asJson(possible.call(LIST)), stored)) return possible;
  }
  throw new Error(
    `after a kill the file holds ${JSON.stringify(stored)}, and no number of ${JSON.stringify(calls)} explains it`,
  );
}

function expectSame(actual: Outcome | undefined, expected: unknown, call: Call): void {
  if (isDeepStrictEqual(asJson(actual), expected)) return;
  throw new Error(`${JSON.stringify(call)} came to ${JSON.stringify(actual)}, not to ${JSON.stringify(expected)}`);
}

/** As it comes back from the other process. */
function asJson(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value ?? null));
}
