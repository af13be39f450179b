import { HiveCatalogError, type OperationRecord } from "@repo/hive-catalog";
import type { Fleet } from "../fleet/fleet.ts";
import type { FleetParts } from "../fleet/parts.ts";
import { hiveNotFound } from "../process/errors.ts";
import { LifecycleError } from "./errors.ts";
import { isNotStarted } from "./failures.ts";

interface Parts extends Pick<FleetParts, "catalog" | "log"> {
  fleet: Fleet;
  lifecycle: {
    isRunning(operation: OperationRecord): Promise<boolean>;
    endDead(hiveId: string): Promise<void>;
    endOf(hiveId: string): void;
  };
}

/** Removes hives: none whose agent would go on without anybody who knows of it, unless that is wanted. */
export class Removal {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Throws while something is done to the hive, or its agent runs because a queen started it. Changes nothing. */
  async check(hiveId: string): Promise<void> {
    const { catalog, lifecycle } = this.#parts;
    if (!(await catalog.hiveExists(hiveId))) throw hiveNotFound(hiveId);
    const history = await catalog.operations.list({ hiveId, sinceAdded: true });
    const [newest] = history;
    const isRunning = newest !== undefined && (await lifecycle.isRunning(newest));
    const why = whyNotRemovable(hiveId, history, isRunning ? newest : undefined);
    if (why !== undefined) throw why;
  }

  async remove(hiveId: string, { force }: { force: boolean }): Promise<void> {
    const { catalog, fleet, lifecycle, log } = this.#parts;
    const wasManaged = (await catalog.operations.list({ hiveId, limit: 1 })).length > 0;
    if (wasManaged && !force) {
      await lifecycle.endDead(hiveId);
      await this.check(hiveId);
    }
    if (!(await fleet.remove(hiveId))) throw hiveNotFound(hiveId);
    // No operation can begin any more; one that just did, or was forced aside, is of no use.
    if (wasManaged) lifecycle.endOf(hiveId);
    if (wasManaged && force) log.warn({ hive_id: hiveId }, "an agent that still runs on the removed hive stays there");
  }
}

/** A start that was cut off may have left an agent behind all the same, and so may one that failed, if it is not known that nothing runs. */
const MAY_HAVE_STARTED: ReadonlySet<string> = new Set(["running", "done", "failed"]);

/** The operation that started the agent of a hive, or may have, if none stopped it since. `operations` are those of that hive, the newest first. */
export function starterOf(operations: readonly OperationRecord[]): OperationRecord | undefined {
  for (const operation of operations) {
    for (const { name, state } of operation.steps.toReversed()) {
      if (name === "start" && state === "failed" && isNotStarted(operation)) return undefined;
      if (name === "start" && MAY_HAVE_STARTED.has(state)) return operation;
      if (name === "stop" && state === "done") return undefined;
    }
  }
  return undefined;
}

/** Why a hive must not be removed now: nobody would know any more of what runs on its host. */
function whyNotRemovable(
  hiveId: string,
  operations: readonly OperationRecord[],
  running: OperationRecord | undefined,
): LifecycleError | HiveCatalogError | undefined {
  const hive = JSON.stringify(hiveId);
  if (running !== undefined) {
    const detail = `The operation ${running.id} of the hive ${hive} has not ended: let it end, cancel it, or remove the hive by force`;
    return new HiveCatalogError("OPERATION_IN_PROGRESS", detail, { hiveId });
  }
  const starter = starterOf(operations);
  if (starter === undefined) return undefined;
  const cure = "stop it first, or, for a host that is gone, remove the hive by force";
  const isSure = starter.steps.some(({ name, state }) => name === "start" && state === "done");
  const started = `The operation ${starter.id} ${isSure ? "started" : "may have started"} the agent of the hive ${hive}`;
  const detail = `${started}, and none stopped it since: ${cure}`;
  return new LifecycleError("HIVE_RUNNING", detail);
}
