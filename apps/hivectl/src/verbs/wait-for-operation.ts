import { type QueenEvent, QueenProblem, type Schema } from "@repo/queen-client";
import { UsageProblem } from "../failure.ts";
import type { Session } from "../session.ts";
import { type Awaited, NO_ANSWER } from "./wait-until.ts";

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
    const operation = await this.#read();
    this.#last = operation;
    if (operation.state === "running") return undefined;
    if (operation.state !== "succeeded") return "impossible";
    await this.#session.show(operation, () => `${operation.kind} of ${operation.hive_id} succeeded\n`, operation.id);
    return "met";
  }

  async #read(): Promise<Schema<"Operation">> {
    const call = { signal: this.#signal };
    const { queen } = this.#session;
    try {
      return await queen.getOperation(this.#id, call);
    } catch (error) {
      if (!(error instanceof QueenProblem) || error.code !== "OPERATION_NOT_FOUND") throw error;
      // The names of what is done to hives are those of the hives. Of what is no hive either, the first refusal says enough.
      const ofHive = await queen.listOperations({ hive_id: this.#id, limit: 1 }, call).catch(() => undefined);
      const last = ofHive?.operations[0];
      if (last === undefined) throw error;
      throw new UsageProblem(
        `${this.#id} is a hive, and none of its operations: \`hivectl wait --for op=${last.id}\` waits for the last`,
      );
    }
  }

  left(): string[] {
    if (this.#last === undefined) return [`the operation ${this.#id}: ${NO_ANSWER}`];
    const { kind, hive_id, state, problem } = this.#last;
    return [
      `${kind} of ${hive_id} ${state === "running" ? "still runs" : `is ${state}`}${problem ? `: ${problem}` : ""}`,
    ];
  }
}
