import type { Schema } from "@repo/queen-client";
import type { Kind } from "../output/records.ts";
import { measured, timed } from "../output/table.ts";
import type { Style } from "../output/terminal.ts";
import { duration } from "../output/times.ts";

export type Operation = Schema<"Operation">;

const STYLES: Readonly<Record<string, Style>> = { succeeded: "green", failed: "red", running: "yellow" };

const tookMs = ({ created_at_ms, finished_at_ms }: Operation): number | null =>
  finished_at_ms === null ? null : finished_at_ms - created_at_ms;

export const tookText = (operation: Operation): string => {
  const ms = tookMs(operation);
  return ms === null ? "-" : duration(ms);
};

export const OPERATIONS: Kind<Operation> = {
  name: "operations",
  nameOf: ({ id }) => id,
  columns: [
    { title: "ID", cell: ({ id }) => id },
    { title: "HIVE", cell: ({ hive_id }) => hive_id },
    { title: "KIND", cell: ({ kind }) => kind },
    { title: "STATE", isKept: true, cell: ({ state }) => ({ text: state, style: STYLES[state] }) },
    timed("BEGAN", ({ created_at_ms }) => created_at_ms),
    measured("TOOK", tookMs, duration),
    { title: "STEP", cell: ({ steps }) => steps.findLast(({ state }) => state !== "skipped")?.name ?? "-" },
    { title: "PROBLEM", isKept: true, cell: ({ problem }) => problem ?? "-" },
    { title: "OWNER", isWide: true, cell: ({ owner }) => owner },
  ],
};
