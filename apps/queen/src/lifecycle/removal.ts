import { HiveCatalogError, type OperationRecord } from "@repo/hive-catalog";
import { LifecycleError } from "./errors.ts";

/** A start that failed or was cut off may have left an agent behind all the same. */
const MAY_HAVE_STARTED: ReadonlySet<string> = new Set(["running", "done", "failed"]);

/** The operation that started the agent of a hive, if none stopped it since. `operations` are those of that hive, the newest first. */
export function starterOf(operations: readonly OperationRecord[]): OperationRecord | undefined {
  for (const operation of operations) {
    for (const { name, state } of operation.steps.toReversed()) {
      if (name === "start" && MAY_HAVE_STARTED.has(state)) return operation;
      if (name === "stop" && state === "done") return undefined;
    }
  }
  return undefined;
}

/** Why a hive must not be removed now: nobody would know any more of what runs on its host. */
export function whyNotRemovable(
  hiveId: string,
  operations: readonly OperationRecord[],
): LifecycleError | HiveCatalogError | undefined {
  const hive = JSON.stringify(hiveId);
  const path = `/v1/hives/${encodeURIComponent(hiveId)}`;
  const always = `DELETE ${path}?force=true removes the hive all the same`;
  const running = operations.find(({ state }) => state === "running");
  if (running !== undefined) {
    const cure = `let it end, or cancel it with POST /v1/operations/${running.id}/cancel`;
    const detail = `The operation ${running.id} of the hive ${hive} has not ended: ${cure}; ${always}`;
    return new HiveCatalogError("OPERATION_IN_PROGRESS", detail, { hiveId });
  }
  const starter = starterOf(operations);
  if (starter === undefined) return undefined;
  const cure = `stop it first with POST ${path}/stop`;
  const detail = `The operation ${starter.id} started the agent of the hive ${hive}, and none stopped it since: ${cure}; ${always}, for a host that is gone`;
  return new LifecycleError("HIVE_RUNNING", detail);
}
