import type { OperationRecord, OperationStep } from "@repo/hive-catalog";
import { expect, test } from "vitest";
import { type FailureCode, StepFailure, withRemedy } from "./failures.ts";
import { starterOf } from "./removal.ts";

/** "restart: stop done, start failed" */
function operation(text: string): OperationRecord {
  const [kind, list = ""] = text.split(": ");
  const steps = list.split(", ").map((step): OperationStep => {
    const [name = "", state] = step.split(" ");
    return { name, state: state as OperationStep["state"], startedAtMs: 0, endedAtMs: null, detail: null };
  });
  return { id: text, kind: kind as OperationRecord["kind"], steps } as OperationRecord;
}

const START = "start: connect done, look done, start done, health done";
const STOP = "stop: connect done, stop done";

test.each<[string, string[], string | undefined]>([
  ["that was never touched", [], undefined],
  ["that was started", [START], START],
  ["that was started and stopped", [STOP, START], undefined],
  ["that was started again", [START, STOP, START], START],
  ["whose stop failed", ["stop: connect done, stop failed", START], START],
  ["whose stop did not come to the host", ["stop: connect failed, stop skipped", START], START],
  ["that was found running when it was started again", ["start: look done, start skipped", START], START],
  ["that others started", ["start: look done, start skipped, health done"], undefined],
  ["whose start came to nothing before", ["start: connect failed, look skipped, start skipped"], undefined],
  [
    "whose start failed",
    ["start: look done, start failed, health skipped"],
    "start: look done, start failed, health skipped",
  ],
  ["whose start was cut off", ["start: look done, start running"], "start: look done, start running"],
  ["that does not answer", ["start: start done, health failed"], "start: start done, health failed"],
  ["that was installed anew", ["install: stop done, start done"], "install: stop done, start done"],
  ["that was stopped to be restarted, and not started", ["restart: stop done, start skipped", START], undefined],
])("knows who started the agent of a hive %s", (_what, texts, starter) => {
  expect(starterOf(texts.map(operation))?.id).toBe(starter);
});

test.each<[FailureCode, boolean]>([
  ["AGENT_NOT_STARTED", false],
  ["WRONG_HIVE", false],
  ["SSH_UNREACHABLE", true],
  ["COMMAND_FAILED", true],
])("a start that failed with %s is one, or may be: %s", (code, mayRun) => {
  const said = "what [COMMAND_FAILED]; next: or [AGENT_NOT_STARTED]; next: the agent says of itself";
  const problem = withRemedy(`start: ${said}`, new StepFailure(code, said), "hive-a");
  const failed = { ...operation("start: look done, start failed"), problem };
  expect(starterOf([failed, operation(START)])).toBe(mayRun ? failed : undefined);
});
