import type { QueenEvent, Schema } from "@repo/queen-client";
import type { Session } from "../session.ts";
import { type Awaited, NO_ANSWER } from "./wait-until.ts";

/** Until an operation has succeeded. */
export class OperationAwaited implements Awaited {
  readonly events = { kind: ["operation" as const] };
  readonly #session: Session;
  readonly #id: string;
  readonly #signal: AbortSignal;
  #last: Schema<"Operation"> | undefined;

  constructor(session: Session, id: string, signal: AbortSignal) {
    this.#session = session;
    this.#id = id;
    this.#signal = signal;
  }

  async look(event?: QueenEvent): Promise<"met" | "impossible" | undefined> {
    if (event !== undefined && !(event.type === "operation" && event.data.id === this.#id)) return undefined;
    const operation = await this.#session.queen.getOperation(this.#id, { signal: this.#signal });
    this.#last = operation;
    if (operation.state === "running") return undefined;
    if (operation.state !== "succeeded") return "impossible";
    await this.#session.show(operation, () => `${operation.kind} of ${operation.hive_id} succeeded\n`, operation.id);
    return "met";
  }

  left(): string[] {
    if (this.#last === undefined) return [`the operation ${this.#id}: ${NO_ANSWER}`];
    const { kind, hive_id, state, problem } = this.#last;
    return [
      `${kind} of ${hive_id} ${state === "running" ? "still runs" : `is ${state}`}${problem ? `: ${problem}` : ""}`,
    ];
  }
}
