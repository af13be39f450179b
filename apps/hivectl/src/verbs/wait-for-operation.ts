import { type QueenEvent, QueenProblem, type Schema } from "@repo/queen-client";
import { UsageProblem } from "../failure.ts";
import type { Session } from "../session.ts";
import { type Awaited, NO_ANSWER } from "./wait-until.ts";

/** Until an operation has succeeded. */
export function operationAwaited(session: Session, id: string, signal: AbortSignal): Awaited {
  let last: Schema<"Operation"> | undefined;
  return {
    events: { kind: ["operation"] },
    async look(event?: QueenEvent) {
      if (event !== undefined && !(event.type === "operation" && event.data.id === id)) return undefined;
      const operation = await read(session, id, signal);
      last = operation;
      if (operation.state === "running") return undefined;
      if (operation.state !== "succeeded") return "impossible";
      await session.show(operation, () => `${operation.kind} of ${operation.hive_id} succeeded\n`, operation.id);
      return "met";
    },
    left() {
      if (last === undefined) return [`the operation ${id}: ${NO_ANSWER}`];
      const { kind, hive_id, state, problem } = last;
      const how = state === "running" ? "still runs" : `is ${state}`;
      return [`${kind} of ${hive_id} ${how}${problem ? `: ${problem}` : ""}`];
    },
  };
}

async function read({ queen }: Session, id: string, signal: AbortSignal): Promise<Schema<"Operation">> {
  try {
    return await queen.getOperation(id, { signal });
  } catch (error) {
    if (!(error instanceof QueenProblem) || error.code !== "OPERATION_NOT_FOUND") throw error;
    // The names of what is done to hives are those of the hives. Of what is no hive either, the first refusal says enough.
    const ofHive = await queen.listOperations({ hive_id: id, limit: 1 }, { signal }).catch(() => undefined);
    const last = ofHive?.operations[0];
    if (last === undefined) throw error;
    throw new UsageProblem(
      `${id} is a hive, and none of its operations: \`hivectl wait --for op=${last.id}\` waits for the last`,
    );
  }
}
