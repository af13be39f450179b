import type { FleetRows } from "../../fleet/fleet-rows.ts";
import type { RowsOf } from "../connections/event-batches.ts";
import { fleetRowText } from "./fleet-row-json.ts";

/** Reads rows as events carry them. */
export const rowTextsOf =
  (rows: FleetRows): RowsOf =>
  async (hiveIds) => {
    const damaged = new Set<string>();
    const found = await rows.read(hiveIds, ({ id }) => void damaged.add(id));
    return (id) => {
      const row = found.get(id);
      if (row !== undefined) return fleetRowText(row);
      return damaged.has(id) ? undefined : "null";
    };
  };
