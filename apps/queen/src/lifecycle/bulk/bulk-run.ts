import { setTimeout as delay } from "node:timers/promises";
import type { OperationRecord } from "@repo/hive-catalog";
import { reasonOf } from "../../process/errors.ts";
import type { Slots } from "../../process/slots.ts";
import type { Lifecycle } from "../lifecycle.ts";
import type { OnStep } from "../operation-run.ts";
import { type BulkLine, type BulkRequest, type CountsLine, type HiveLine, OUTCOMES, type Outcome } from "./lines.ts";

interface Parts {
  lifecycle: Lifecycle;
  turn: () => Promise<void>;
  slots: Slots;
}

/** One request, as far as it is. */
export class BulkRun {
  readonly #request: BulkRequest;
  readonly #parts: Parts;
  readonly #counts = Object.fromEntries(OUTCOMES.map((outcome) => [outcome, 0])) as Record<Outcome, number>;
  readonly #lines: BulkLine[] = [];
  readonly #works = new Set<Promise<void>>();
  /** Hives that had their turn or wait for it; of those, which are told of, and which are left out after all. */
  #taken = 0;
  #told = 0;
  #leftOut = 0;
  /** Hives on which something is done, or an operation runs of which nothing more is told. */
  #running = 0;
  #isClosed = false;
  #waking = new AbortController();

  constructor(request: BulkRequest, parts: Parts) {
    this.#request = request;
    this.#parts = parts;
  }

  /** Nothing more will begin, and all is told of what has. */
  get isOver(): boolean {
    const isLast = this.#isEnded || this.#taken === this.#request.hiveIds.length;
    return isLast && this.#told + this.#leftOut === this.#taken && this.#lines.length === 0;
  }

  beginNext(): void {
    const { hiveIds, parallel } = this.#request;
    while (this.#running < parallel && !this.#isEnded) {
      const hiveId = hiveIds[this.#taken];
      if (hiveId === undefined) return;
      this.#taken += 1;
      this.#running += 1;
      const work: Promise<void> = this.#workOn(hiveId).finally(() => this.#works.delete(work));
      this.#works.add(work);
    }
  }

  *takeLines(): Generator<BulkLine> {
    for (let line = this.#lines.shift(); line !== undefined; line = this.#lines.shift()) yield line;
  }

  count(type: CountsLine["type"]): CountsLine {
    const notBegun = this.#request.hiveIds.length - this.#taken + this.#leftOut;
    return { type, counts: { ...this.#counts }, running: this.#running, notBegun };
  }

  /** Something is there to be told, or to begin. */
  wake(): void {
    this.#waking.abort();
  }

  /** Resolves once there is; to false when there was nothing for so long. */
  async news(withinMs: number): Promise<boolean> {
    const { signal } = this.#waking;
    await delay(withinMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) this.#waking = new AbortController();
    return signal.aborted;
  }

  /** Begins nothing more, and resolves when what has begun is done, an operation that is waited for too. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all(this.#works);
  }

  /** Nothing more begins. Asked before each hive: an operation that ends frees a place without a word to anybody. */
  get #isEnded(): boolean {
    const { signal, isAdmitted } = this.#request;
    return this.#isClosed || signal.aborted || !isAdmitted();
  }

  /** Never rejects. Of an operation whose end is not waited for, it leaves the place taken until then. */
  async #workOn(hiveId: string): Promise<void> {
    let rest: Promise<unknown> | undefined;
    try {
      const operation = await this.#inTurn(hiveId);
      const end = operation && this.#parts.lifecycle.ended(operation.id);
      if (this.#request.waits && end !== undefined) this.#tellEnd(await end);
      else rest = end;
    } catch (error) {
      const outcome = this.#request.isDryRun ? "would_fail" : "failed";
      this.#tell({ hiveId, outcome, detail: reasonOf(error), error });
    }
    const leave = () => {
      this.#running -= 1;
      this.wake();
    };
    void Promise.resolve(rest).then(leave, leave);
  }

  /** Resolves to the operation that it began, if it is one. */
  async #inTurn(hiveId: string): Promise<OperationRecord | undefined> {
    const slot = this.#parts.slots.take();
    try {
      await slot.come;
      await this.#parts.turn();
      if (this.#isEnded) {
        this.#leftOut += 1;
        return undefined;
      }
      const damage = this.#request.damaged.get(hiveId);
      if (damage !== undefined) throw damage;
      return await this.#doTo(hiveId);
    } finally {
      slot.free();
    }
  }

  async #doTo(hiveId: string): Promise<OperationRecord | undefined> {
    const { action, isDryRun, waits } = this.#request;
    const { isNeeded, detail: foreseen } = await action.preview(hiveId);
    if (isDryRun || !isNeeded) {
      this.#tell({ hiveId, outcome: whyNotDone(isDryRun, isNeeded), detail: foreseen });
      return undefined;
    }
    const { detail = foreseen, operation } = await action.act(hiveId, waits ? this.#stepsOf(hiveId) : undefined);
    if (operation === undefined) this.#tell({ hiveId, outcome: "done", detail });
    else if (!waits) this.#tell({ hiveId, outcome: "begun", detail, operationId: operation.id });
    return operation;
  }

  #stepsOf(hiveId: string): OnStep {
    return (operationId, step) => {
      this.#lines.push({ type: "step", hiveId, operationId, step });
      this.wake();
    };
  }

  #tellEnd({ id, hiveId, state, problem }: OperationRecord): void {
    const outcome = state === "succeeded" ? "done" : "failed";
    this.#tell({ hiveId, outcome, detail: problem ?? state, operationId: id });
  }

  #tell(line: Omit<HiveLine, "type">): void {
    this.#counts[line.outcome] += 1;
    this.#told += 1;
    this.#lines.push({ type: "hive", ...line });
    this.wake();
  }
}

function whyNotDone(isDryRun: boolean, isNeeded: boolean): Outcome {
  if (!isDryRun) return "skipped";
  return isNeeded ? "would_do" : "would_skip";
}
