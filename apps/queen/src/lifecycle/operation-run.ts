import { isDeepStrictEqual } from "node:util";
import type { OperationRecord, OperationStep } from "@repo/hive-catalog";
import type { FleetParts } from "../fleet/parts.ts";
import { onCatalogError, reasonOf } from "../process/errors.ts";
import { StepFailure, withRemedy } from "./failures.ts";

/** What is kept of the output of all that an operation runs. */
const MAX_TAIL = 8192;
const MAX_DETAIL = 2000;
const HIDDEN = "[secret]";
const CONTROL_CHARACTERS = /[^\P{C}\n\t]|[\p{Zl}\p{Zp}]/gu;

/** What there is to say of a step in one line: what came of it, or why there was no need for it. */
export type Outcome = string | { readonly skipped: string };

/** One part of an operation. It throws when it failed. */
export interface Step {
  readonly name: string;
  work(): Promise<Outcome>;
}

/** How an operation ends that did not succeed: cancelled because somebody wanted it to, interrupted because its queen does. */
type Failed = Exclude<OperationRecord["state"], "running" | "succeeded">;
export type End = { state: "succeeded" | Failed; problem: string | null };

interface Failure {
  readonly error: unknown;
  /** In one line. */
  readonly detail: string;
}

/** Told of a step as it began, and as it ended. */
export type OnStep = (operationId: string, step: Readonly<OperationStep>) => void;

interface RunOptions extends Pick<FleetParts, "catalog" | "clock"> {
  timeoutMs: number;
  hiveId: string;
  onStep?: OnStep | undefined;
}

/** An operation while it runs: its steps one after the other, each noted in the catalog when it begins and when it ends. */
export class OperationRun {
  readonly id: string;
  readonly #options: RunOptions;
  readonly #stopping = new AbortController();
  #endsAs: Failed = "failed";
  readonly #secrets = new Set<string>();
  readonly #steps: OperationStep[] = [];
  #tail = "";
  /** Whether the last save was surely made. */
  #isStored = true;

  constructor(id: string, options: RunOptions) {
    this.id = id;
    this.#options = options;
  }

  /** Ends whatever the running step has started. */
  get signal(): AbortSignal {
    return this.#stopping.signal;
  }

  stop(endsAs: Failed, reason: Error): void {
    if (this.signal.aborted) return;
    this.#endsAs = endsAs;
    this.#stopping.abort(reason);
  }

  /** From now on this text stands in no record. */
  hide(secret: string): void {
    this.#secrets.add(secret);
  }

  /** Keeps the end of what the programs of a step write. */
  readonly onOutput = (text: string): void => {
    this.#tail = this.#clean(this.#tail + text).slice(-MAX_TAIL);
  };

  /** Runs the steps to the end, or to the first that fails; those behind it are noted as skipped. Rejects only when the catalog does. */
  async run(steps: readonly Step[]): Promise<End> {
    const { timeoutMs } = this.#options;
    const late = new StepFailure("OPERATION_TOO_SLOW", `the operation took longer than ${timeoutMs / 1000} s`);
    const timer = setTimeout(() => this.stop("failed", late), timeoutMs);
    try {
      const end = await this.#runSteps(steps);
      await this.#makeSureOfLast();
      return end;
    } finally {
      clearTimeout(timer);
    }
  }

  async #runSteps(steps: readonly Step[]): Promise<End> {
    const { hiveId } = this.#options;
    for (const [position, step] of steps.entries()) {
      const failure = await this.#runStep(step);
      if (failure === undefined) continue;
      await this.#skip(steps.slice(position + 1));
      const state = this.#endsAs;
      const problem = `${step.name}: ${failure.detail}`;
      return { state, problem: state === "failed" ? withRemedy(problem, failure.error, hiveId) : problem };
    }
    return { state: "succeeded", problem: null };
  }

  /** What went wrong; undefined when nothing did. */
  async #runStep({ name, work }: Step): Promise<Failure | undefined> {
    const step: OperationStep = { name, state: "running", startedAtMs: this.#now(), endedAtMs: null, detail: null };
    this.#steps.push(step);
    // What its programs write begins a line of its own.
    if (!/(^|\n)$/.test(this.#tail)) this.#tail += "\n";
    await this.#save();
    this.#options.onStep?.(this.id, { ...step });
    let failure: Failure | undefined;
    try {
      this.signal.throwIfAborted();
      const outcome = await work();
      step.state = typeof outcome === "string" ? "done" : "skipped";
      step.detail = this.#line(typeof outcome === "string" ? outcome : outcome.skipped);
    } catch (caught) {
      // What was cut off because the operation ends failed for that reason alone.
      const error: unknown = this.signal.aborted ? this.signal.reason : caught;
      failure = { error, detail: this.#line(reasonOf(error)) };
      step.state = "failed";
      step.detail = failure.detail;
    }
    step.endedAtMs = this.#now();
    await this.#save();
    this.#options.onStep?.(this.id, { ...step });
    return failure;
  }

  async #skip(steps: readonly Step[]): Promise<void> {
    const nowMs = this.#now();
    for (const { name } of steps) {
      this.#steps.push({ name, state: "skipped", startedAtMs: nowMs, endedAtMs: nowMs, detail: null });
    }
    await this.#save();
  }

  /** What it is not known of whether it was stored, the next one stores with what came since. */
  async #save(): Promise<void> {
    const { operations } = this.#options.catalog;
    this.#isStored = await operations.save(this.id, { steps: this.#steps, outputTail: this.#tail }).then(
      (isUnfinished) => {
        const why = "another queen took this one for gone, or the hive was removed";
        if (!isUnfinished) this.stop("cancelled", new Error(why));
        return true;
      },
      onCatalogError("CATALOG_OUTCOME_UNKNOWN", () => false),
    );
  }

  async #makeSureOfLast(): Promise<void> {
    if (this.#isStored) return;
    const stored = await this.#options.catalog.operations.get(this.id);
    if (!isDeepStrictEqual(stored?.steps, this.#steps)) await this.#save();
  }

  #line(text: string): string {
    return this.#clean(text).replace(/\s+/g, " ").trim().slice(0, MAX_DETAIL);
  }

  #clean(text: string): string {
    let clean = text.replace(CONTROL_CHARACTERS, "");
    for (const secret of this.#secrets) clean = clean.replaceAll(secret, HIDDEN);
    return clean;
  }

  #now(): number {
    return this.#options.clock.now();
  }
}
