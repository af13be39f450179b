import type { Schema } from "@repo/queen-client";
import type { Times } from "../output/times.ts";

/** What keeps the queen from marking hives offline now. */
export function heldMarks({ state, missing, online, until_ms }: Schema<"QueenCondition">, times: Times): string[] {
  const end = until_ms === null ? "" : `; that ends ${times.at(until_ms)} at the latest`;
  if (state === "mass_failure")
    return [
      `${missing} of ${online} online hives went missing at once: none is marked offline until they are back, or somebody confirms it${end}`,
    ];
  if (state === "network_lost") return [`The queen has lost her network: no hive is marked offline until it is back`];
  return state === "grace"
    ? [`The queen has only just begun to listen: silence of hives does not count yet${end}`]
    : [];
}
