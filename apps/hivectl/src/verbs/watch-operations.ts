import { type QueenEvent, QueenProblem, type Query } from "@repo/queen-client";
import type { SaidLines } from "../output/changes.ts";
import type { Printer } from "../output/records.ts";
import type { Session } from "../session.ts";
import { untilAnswered } from "./connection.ts";
import type { Operation } from "./operation-columns.ts";
import { LEFT, sayGone, watchList } from "./watch-list.ts";

export type OperationFilter = Pick<Query<"listOperations">, "state" | "kind">;

interface Listed {
  readonly printer: Printer<Operation>;
  readonly said: SaidLines<Operation>;
}

interface Asked {
  /** Of these hives alone; of all where there are none. */
  readonly ids: readonly string[];
  readonly filter: OperationFilter;
}

/** The list, and then a line for each operation that begins, comes to its next step or ends. */
export function watchOperations(session: Session, asked: Asked, list: () => Promise<Listed>): Promise<number> {
  return watchList(session, {
    events: { kind: ["operation", "operation_step"] },
    list: async () => {
      // Before the list: what happens while it is read is told after it.
      const { position } = await session.queen.listFleet({ limit: 1 }, session.call);
      return { position, ...(await list()) };
    },
    tell: (listed, event) => tell(session, asked, listed, event),
  });
}

async function tell(session: Session, { ids, filter }: Asked, { printer, said }: Listed, event: QueenEvent) {
  if (event.type !== "operation" && event.type !== "operation_step") return;
  const { id, hive_id, kind } = event.data;
  if (ids.length > 0 && !ids.includes(hive_id)) return;
  if (filter.kind !== undefined && !filter.kind.some((one) => one === kind)) return;
  const now = await untilAnswered(session, session.signal, () => read(session, id));
  if (now !== undefined && (filter.state === undefined || filter.state.includes(now.state))) {
    if (said.take(now) !== "same") await printer.print([now]);
  } else if (said.forget(id)) await sayGone(session, { field: "id", id }, LEFT);
}

/** As it is now; undefined where it is kept no longer. */
async function read({ queen, call }: Session, id: string): Promise<Operation | undefined> {
  try {
    return await queen.getOperation(id, call);
  } catch (error) {
    if (error instanceof QueenProblem && error.code === "OPERATION_NOT_FOUND") return undefined;
    throw error;
  }
}
