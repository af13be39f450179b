import { randomBytes } from "node:crypto";
import { HiveCatalogError, type HiveRecord, type OperationRecord } from "@repo/hive-catalog";
import type { FleetParts } from "../fleet/parts.ts";
import { readHive } from "../fleet/read-hive.ts";
import { unlessAborted } from "../process/abort.ts";
import { isCatalogError, levelOf, onCatalogError, reasonOf } from "../process/errors.ts";
import { type Slot, Slots } from "../process/slots.ts";
import { isOnLoopback } from "../reach/addresses.ts";
import type { Presence } from "../telling/presence.ts";
import { stepsOf } from "./agent/plans.ts";
import { LifecycleError, operationNotFound } from "./errors.ts";
import { withRemedy } from "./failures.ts";
import { Job, type JobParts, type LifecycleTimeouts, TIMEOUTS } from "./job.ts";
import { type End, type OnStep, OperationRun, type Step } from "./operation-run.ts";
import { Removal } from "./removal.ts";
import { HostKeyDesk } from "./ssh/host-key-desk.ts";

export type OperationKind = OperationRecord["kind"];

/** How many operations and looks at host keys run at one time: each has an ssh of its own. */
const MAX_AT_ONCE = 16;
/** A little after the start, because the first requests go before. */
const LOOK_BACK = { afterMs: 250, intervalMs: 15_000 };

export interface LifecycleParts extends Omit<JobParts, "timeouts">, Pick<FleetParts, "clock" | "log" | "events"> {
  presence: Presence;
  timeouts?: LifecycleTimeouts | undefined;
}

/** Starts, stops and installs hives. Each time is an operation in the catalog, which the queen works off on her own. */
export class Lifecycle {
  readonly hostKeys: HostKeyDesk;
  readonly removal: Removal;
  readonly #parts: LifecycleParts & JobParts;
  /** From before they are in the catalog on: a look back that finds one there must not take it for dead. */
  readonly #running = new Map<string, { hiveId: string; run: OperationRun; work: Promise<void> }>();
  readonly #slots = new Slots(MAX_AT_ONCE);
  readonly #timers: NodeJS.Timeout[] = [];

  constructor(parts: LifecycleParts) {
    this.#parts = { ...parts, timeouts: parts.timeouts ?? TIMEOUTS };
    this.hostKeys = new HostKeyDesk(this.#parts, this.#slots);
    this.removal = new Removal({ ...this.#parts, lifecycle: this });
  }

  /** Begins an operation, and answers its record at once; `onStep` is told of each step as it begins and ends. Throws LifecycleError, or HiveCatalogError such as OPERATION_IN_PROGRESS. */
  async begin(kind: OperationKind, hiveId: string, onStep?: OnStep): Promise<OperationRecord> {
    const { catalog, clock, events, presence, timeouts, stopping } = this.#parts;
    if (stopping.aborted) throw queenStopping();
    const hive = await readHive(hiveId, this.#parts);
    this.#check(kind, hive);
    // Or another queen takes the operation for that of one who is gone.
    await presence.renew();
    if (stopping.aborted) throw queenStopping();
    const id = `${kind}-${randomBytes(8).toString("hex")}`;
    const { operationMs: timeoutMs } = timeouts;
    const tellStep: OnStep = (_, step) => {
      onStep?.(id, step);
      // Of a hive that was removed the log of events would keep it for good.
      if (step.state !== "running" || run.signal.aborted) return;
      events.publish("operation_step", { id, hive_id: hiveId, kind, step: step.name });
    };
    const run = new OperationRun(id, { catalog, clock, timeoutMs, hiveId, onStep: tellStep });
    const recording = this.#record({ id, hiveId, kind, owner: presence.id, deadlineMs: clock.now() + timeoutMs });
    const begun = recording.then((operation) => this.#work(operation, run, hive));
    const work = begun.catch(() => undefined).finally(() => this.#running.delete(id));
    this.#running.set(id, { hiveId, run, work });
    const operation = await recording;
    this.#tell(operation, "running");
    return operation;
  }

  /** Ends an operation that this queen runs; resolves once it has ended. */
  async cancel(id: string): Promise<OperationRecord> {
    const running = this.#running.get(id);
    if (running === undefined) throw notCancellable(await this.#read(id));
    running.run.stop("cancelled", new Error("it was cancelled"));
    await running.work;
    return this.#read(id);
  }

  /** Throws what `begin` would throw now, as far as that is known, and resolves to the hive. Changes nothing. */
  async checkBeginning(kind: OperationKind, hiveId: string): Promise<HiveRecord> {
    const hive = await readHive(hiveId, this.#parts);
    this.#check(kind, hive);
    const [last] = await this.#parts.catalog.operations.list({ hiveId, limit: 1 });
    if (last !== undefined && (await this.isRunning(last))) throw inProgress(last);
    return hive;
  }

  /** Resolves once an operation that this queen runs has ended. */
  async ended(id: string): Promise<OperationRecord> {
    await this.#running.get(id)?.work;
    return this.#read(id);
  }

  /** Whether somebody works on it: of one whose queen is gone the record alone says so. */
  async isRunning(operation: OperationRecord): Promise<boolean> {
    if (operation.state !== "running") return false;
    const queens = await this.#parts.catalog.queens.list();
    return this.#whyDead(operation, new Set(queens.map(({ id }) => id))) === undefined;
  }

  /** Ends what this queen still does to a hive that was removed. */
  endOf(hiveId: string): void {
    for (const { hiveId: id, run } of this.#running.values()) {
      if (id === hiveId) run.stop("cancelled", new Error("the hive was removed"));
    }
  }

  /** Ends the records of operations, of one hive or of all, whose queen is gone. */
  async endDead(hiveId?: string): Promise<void> {
    const { operations, queens } = this.#parts.catalog;
    const unfinished = (await operations.unfinished()).filter((one) => hiveId === undefined || one.hiveId === hiveId);
    if (unfinished.length === 0) return;
    // Afterwards: a queen says that she runs before she begins anything.
    const running = new Set((await queens.list()).map(({ id }) => id));
    for (const operation of unfinished) {
      const why = this.#whyDead(operation, running);
      if (why === undefined) continue;
      const at = operation.steps.at(-1)?.name ?? "its beginning";
      await this.#finish(
        operation,
        "interrupted",
        `${why}; it had come to ${at}, and what that did on the host is not known`,
      );
    }
  }

  /** Looks for dead operations until she stops: of queens that ended before, or end later, and for what could not be looked at. */
  startLookingBack({ afterMs, intervalMs } = LOOK_BACK): void {
    const lookBack = () =>
      void this.endDead().catch((error: unknown) => {
        if (isCatalogError(error, "CATALOG_CLOSED")) return;
        const text = "operations that an earlier queen did not end could not be looked at";
        this.#parts.log[levelOf(error)]({ err: error }, text);
      });
    this.#timers.push(setTimeout(lookBack, afterMs).unref(), setInterval(lookBack, intervalMs).unref());
  }

  /** The queen stops: ends what runs. */
  async close(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer);
    const running = [...this.#running.values()];
    for (const { run } of running) run.stop("interrupted", new Error("the queen was stopped"));
    await Promise.all(running.map(({ work }) => work));
  }

  async #read(id: string): Promise<OperationRecord> {
    const operation = await this.#parts.catalog.operations.get(id);
    if (operation === undefined) throw operationNotFound(id);
    return operation;
  }

  /** What can be known to be in vain before anything begins. */
  #check(kind: OperationKind, hive: HiveRecord): void {
    const { settings } = this.#parts;
    if (hive.sshHost === null && !isOnLoopback(hive.host)) throw notManaged(hive);
    if (kind === "install" && hive.sshHost !== null && settings.publicUrl === undefined) throw publicUrlNeeded();
  }

  /** An operation in the way may be one that nobody works on any more. */
  async #record(operation: Parameters<JobParts["catalog"]["operations"]["begin"]>[0]): Promise<OperationRecord> {
    const { operations } = this.#parts.catalog;
    try {
      return await operations.begin(operation);
    } catch (error) {
      if (!isCatalogError(error, "OPERATION_IN_PROGRESS")) throw error;
      await this.endDead(operation.hiveId);
      return operations.begin(operation);
    }
  }

  #whyDead({ id, owner }: OperationRecord, running: ReadonlySet<string>): string | undefined {
    if (owner !== this.#parts.presence.id) return running.has(owner) ? undefined : "the queen that ran it was ended";
    return this.#running.has(id) ? undefined : "the queen could not record how it ended";
  }

  /** Never rejects. */
  async #work(operation: OperationRecord, run: OperationRun, hive: HiveRecord): Promise<void> {
    const { log } = this.#parts;
    const { id, hiveId, kind } = operation;
    log.info({ operation_id: id, hive_id: hiveId }, `${kind} begins`);
    const job = new Job(this.#parts, hive, run);
    const slot = this.#slots.take();
    try {
      const steps = stepsOf(kind, job);
      const { state, problem } = await run.run(slot.isAwaited ? [waitFor(slot, run), ...steps] : steps);
      if (state === "succeeded") await this.#markStatus(hiveId, kind === "stop" ? "offline" : "online", id);
      // Removing its hive ends it, too.
      if (!(await this.#finish(operation, state, problem))) this.#tellEnd(await this.#read(id));
    } catch (error) {
      log.error({ err: error, operation_id: id, hive_id: hiveId }, `${kind} failed inside the queen`);
      const problem = withRemedy(`something failed inside the queen: ${reasonOf(error)}`, error, hiveId);
      await this.#finish(operation, "failed", problem).catch(() => undefined);
    } finally {
      slot.free();
      await job
        .close()
        .catch((error: unknown) => log.warn({ err: error, operation_id: id }, "a temporary folder stays"));
    }
  }

  /** What was started or stopped on purpose is known to be so; the hive's own next sign counts again. */
  async #markStatus(hiveId: string, status: "online" | "offline", operationId: string): Promise<void> {
    const { catalog, fleet, log } = this.#parts;
    const beUnsure = (err: unknown) => {
      log.warn({ err, operation_id: operationId, hive_id: hiveId }, "the next sign of the hive decides its status");
      fleet.unsure(hiveId);
    };
    await fleet.turns.take(hiveId, async () => {
      const patching = catalog.patchHive(hiveId, { status });
      const hive = await patching.catch(onCatalogError("CATALOG_OUTCOME_UNKNOWN", beUnsure));
      if (hive !== undefined) fleet.written(hive, `by the operation ${operationId}`);
    });
  }

  /** Answers whether this call ended it. */
  async #finish(operation: OperationRecord, state: End["state"], problem: string | null): Promise<boolean> {
    const isEnded = await this.#parts.catalog.operations.finish(operation.id, { state, problem });
    if (isEnded) this.#tellEnd({ ...operation, state, problem });
    return isEnded;
  }

  #tellEnd(operation: OperationRecord): void {
    const { id, hiveId, kind, state, problem } = operation;
    const line = { operation_id: id, hive_id: hiveId, state, problem };
    this.#parts.log[problem === null ? "info" : "warn"](line, `${kind} ${state}`);
    this.#tell(operation, state);
  }

  #tell({ id, hiveId, kind }: OperationRecord, state: OperationRecord["state"]): void {
    this.#parts.events.publish("operation", { id, hive_id: hiveId, kind, state });
  }
}

const waitFor = ({ come }: Slot, { signal }: OperationRun): Step => ({
  name: "wait_for_turn",
  work: () =>
    unlessAborted(signal, come).then(() => `at most ${MAX_AT_ONCE} operations and looks at host keys run at one time`),
});

const queenStopping = (): LifecycleError => new LifecycleError("STOPPING", "The queen is stopping");

function notCancellable({ id, state, owner }: OperationRecord): LifecycleError {
  if (state !== "running") return new LifecycleError("OPERATION_FINISHED", `The operation ${id} has ended: ${state}`);
  return new LifecycleError(
    "OPERATION_ELSEWHERE",
    `The operation ${id} is run by another queen (${owner}): cancel it there; if she was ended, it counts as interrupted within 35 s`,
  );
}

function inProgress({ id, hiveId }: OperationRecord): HiveCatalogError {
  const detail = `The operation ${id} of the hive ${JSON.stringify(hiveId)} has not ended`;
  return new HiveCatalogError("OPERATION_IN_PROGRESS", detail, { hiveId });
}

function notManaged({ id, host }: HiveRecord): LifecycleError {
  return new LifecycleError(
    "HIVE_NOT_MANAGED",
    `The hive ${JSON.stringify(id)} has no ssh_host and is at ${JSON.stringify(host)}, not on the queen's own machine: give it an ssh_host`,
  );
}

function publicUrlNeeded(): LifecycleError {
  const detail =
    "QUEEN_PUBLIC_URL is not set, so the hive could not be told where its queen is: start the queen with the URL under which hives reach her, as in QUEEN_PUBLIC_URL=http://10.0.1.1:8500";
  return new LifecycleError("PUBLIC_URL_NEEDED", detail);
}
