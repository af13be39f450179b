import { type QueenEvent, QueenProblem, type Query } from "@repo/queen-client";
import type { SaidLines } from "../output/changes.ts";
import type { Printer } from "../output/records.ts";
import type { Session } from "../session.ts";
import { untilAnswered } from "./connection.ts";
import type { Operation } from "./operation-columns.ts";
import { LEFT, REMOVED, sayGone, watchList } from "./watch-list.ts";

export type OperationFilter = Pick<Query<"listOperations">, "state" | "kind">;

interface Listed {
  readonly printer: Printer<Operation>;
  readonly said: SaidLines<Operation>;
}

/** What is followed, since the list was read. */
interface Followed extends Listed {
  /** As they were told of last. */
  readonly running: Map<string, Operation>;
}

interface Asked {
  /** Of these hives alone; undefined where any will do. */
  readonly ids: readonly string[] | undefined;
  readonly filter: OperationFilter;
}

type Told = Extract<QueenEvent, { type: "operation" | "operation_step" }>;

/** The list, and then a line for each operation that begins, comes to its next step or ends. */
export function watchOperations(session: Session, asked: Asked, list: () => Promise<Listed>): Promise<number> {
  return watchList(session, {
    events: { kind: ["operation", "operation_step"] },
    list: async () => {
      // Before the list: what happens while it is read is told after it.
      const { position } = await session.queen.listFleet({ limit: 1 }, session.call);
      return { position, running: new Map(), ...(await list()) };
    },
    tell: async (followed, event) => {
      if (event.type === "operation" || event.type === "operation_step") await tell(session, asked, followed, event);
    },
  });
}

async function tell(session: Session, { ids, filter }: Asked, followed: Followed, event: Told) {
  const { id, hive_id, kind } = event.data;
  if (ids?.includes(hive_id) === false || (filter.kind ?? kind) !== kind) return;
  const { printer, said, running } = followed;
  const now = await asOf(event, session, followed);
  if (now?.state === "running") running.set(id, now);
  else running.delete(id);
  if (now !== undefined && (filter.state ?? now.state) === now.state) {
    if (said.take(now) !== "same") await printer.print([now]);
  } else if (said.forget(id)) await sayGone(session, { field: "id", id }, now === undefined ? REMOVED : LEFT);
  if (event.type === "operation" && event.data.state !== "running") said.forget(id);
}

/** The operation as it was at that event, for more may have happened since; undefined where it is kept no longer. */
async function asOf(event: Told, session: Session, { said, running }: Followed): Promise<Operation | undefined> {
  const { id } = event.data;
  const before = running.get(id);
  if (event.type === "operation_step" && before !== undefined) return withStep(before, event.data);
  const now = await untilAnswered(session, session.signal, () => read(session, id));
  // What the list shows already goes on from there.
  const begins = event.type === "operation" && event.data.state === "running" && !said.has(id);
  return now && begins ? { ...now, state: "running", problem: null, steps: [], finished_at_ms: null } : now;
}

function withStep(before: Operation, { step, at_ms }: Extract<Told, { type: "operation_step" }>["data"]): Operation {
  if (before.steps.some(({ name }) => name === step)) return before;
  const ended = before.steps.map((one) =>
    one.state === "running" ? { ...one, state: "done" as const, ended_at_ms: at_ms } : one,
  );
  const begun = { name: step, state: "running" as const, started_at_ms: at_ms, ended_at_ms: null, detail: null };
  return { ...before, steps: [...ended, begun] };
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
