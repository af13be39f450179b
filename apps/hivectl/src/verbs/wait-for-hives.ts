import type { QueenEvent } from "@repo/queen-client";
import { type Kind, withRoom } from "../output/records.ts";
import type { Session } from "../session.ts";
import type { HiveRow } from "./hive-columns.ts";
import { canBeNamed, rowsOf } from "./one-hive.ts";
import { type Awaited, NO_ANSWER } from "./wait-until.ts";

export const CONDITIONS = ["online", "offline", "cordoned", "uncordoned", "removed"] as const;
export type Condition = (typeof CONDITIONS)[number];

interface Met {
  readonly hive_id: string;
  readonly is: Condition;
}

export const MET: Kind<Met> = {
  name: "hives",
  nameOf: ({ hive_id }) => hive_id,
  columns: [
    { title: "ID", cell: ({ hive_id }) => hive_id },
    { title: "IS", cell: ({ is }) => is },
  ],
};

/** Until each of these hives is so. */
export function hivesAwaited(
  session: Session,
  ids: readonly string[],
  condition: Condition,
  signal: AbortSignal,
): Awaited {
  const printer = session.printer(withRoom(MET, "ID", ids));
  /** What keeps each back that is not so yet. */
  const left = new Map(ids.map((id) => [id, NO_ANSWER]));
  /** Whether it is so, or still can be. */
  const judge = async (id: string, row: HiveRow | undefined): Promise<boolean> => {
    if (!isSo(condition, row)) {
      left.set(id, whyNot(condition, row));
      return row !== undefined;
    }
    left.delete(id);
    await printer.print([{ hive_id: id, is: condition }]);
    return true;
  };
  return {
    get events() {
      const hive = [...left.keys()];
      const kind = ["status", "cordon", "hive_added", "hive_removed"] satisfies Awaited["events"]["kind"];
      return canBeNamed(hive) ? { kind, hive } : { kind };
    },
    async look(event?: QueenEvent) {
      const changed = event && "hive_id" in event.data ? event.data : undefined;
      const all = event === undefined ? [...left.keys()] : changed ? [changed.hive_id] : [];
      const looked = all.filter((id) => left.has(id));
      const told = changed?.row;
      const found =
        told === undefined
          ? rowsOf(session, looked, {}, signal)
          : [looked.map((id) => [id, told ?? undefined] as const)];
      let isPossible = true;
      for await (const batch of found) {
        for (const [id, row] of batch) isPossible = (await judge(id, row)) && isPossible;
      }
      if (!isPossible) return "impossible";
      if (left.size > 0) return undefined;
      await printer.end();
      return "met";
    },
    left: () => [...left].map(([id, why]) => `${id} is not ${condition}: ${why}`),
  };
}

function isSo(condition: Condition, row: HiveRow | undefined): boolean {
  if (condition === "removed" || row === undefined) return condition === "removed" && row === undefined;
  if (condition === "cordoned") return row.cordon !== null;
  return condition === "uncordoned" ? row.cordon === null : row.status.value === condition;
}

function whyNot(condition: Condition, row: HiveRow | undefined): string {
  if (row === undefined) return "there is no such hive, or it was removed (HIVE_NOT_FOUND)";
  if (condition === "removed") return "it is still there";
  if (condition === "cordoned") return "no cordon is in force";
  if (condition === "uncordoned") return `its cordon is in force: ${row.cordon?.reason || "no reason"}`;
  return `it is ${row.status.value}: ${row.status.why}`;
}
