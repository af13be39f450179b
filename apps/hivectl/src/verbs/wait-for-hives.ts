import type { QueenEvent } from "@repo/queen-client";
import { type Kind, type Printer, withRoom } from "../output/records.ts";
import type { Session } from "../session.ts";
import type { HiveRow } from "./hive-columns.ts";
import { rowsOf } from "./one-hive.ts";
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

/** A watch asks for so many by name; above that, for all. */
const MAX_NAMED = 100;

export class HivesAwaited implements Awaited {
  readonly #session: Session;
  readonly #signal: AbortSignal;
  readonly #condition: Condition;
  readonly #printer: Printer<Met>;
  /** What keeps each back that is not so yet. */
  readonly #left: Map<string, string>;

  constructor(session: Session, ids: readonly string[], condition: Condition, signal: AbortSignal) {
    this.#session = session;
    this.#signal = signal;
    this.#condition = condition;
    this.#printer = session.printer(withRoom(MET, "ID", ids));
    this.#left = new Map(ids.map((id) => [id, NO_ANSWER]));
  }

  get events(): Awaited["events"] {
    return {
      kind: ["status", "cordon", "hive_added", "hive_removed"],
      ...(this.#left.size <= MAX_NAMED && { hive: [...this.#left.keys()] }),
    };
  }

  async look(event?: QueenEvent): Promise<"met" | "impossible" | undefined> {
    const changed = event && "hive_id" in event.data ? event.data : undefined;
    const all = event === undefined ? [...this.#left.keys()] : changed ? [changed.hive_id] : [];
    const ids = all.filter((id) => this.#left.has(id));
    const told = changed?.row;
    const found =
      told === undefined
        ? rowsOf(this.#session, ids, {}, this.#signal)
        : [ids.map((id) => [id, told ?? undefined] as const)];
    let isPossible = true;
    for await (const batch of found) {
      for (const [id, row] of batch) isPossible = (await this.#judge(id, row)) && isPossible;
    }
    if (!isPossible) return "impossible";
    if (this.#left.size > 0) return undefined;
    await this.#printer.end();
    return "met";
  }

  left(): string[] {
    return [...this.#left].map(([id, why]) => `${id} is not ${this.#condition}: ${why}`);
  }

  /** Whether it is so, or still can be. */
  async #judge(id: string, row: HiveRow | undefined): Promise<boolean> {
    if (!isSo(this.#condition, row)) {
      this.#left.set(id, whyNot(this.#condition, row));
      return row !== undefined;
    }
    this.#left.delete(id);
    await this.#printer.print([{ hive_id: id, is: this.#condition }]);
    return true;
  }
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
