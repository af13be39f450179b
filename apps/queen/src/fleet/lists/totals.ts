import { inBatches } from "../../process/turn.ts";
import type { Fleet } from "../fleet.ts";
import { probationAt } from "../liveness/probation.ts";
import { isUnreachable } from "../liveness/sight.ts";
import type { FleetParts } from "../parts.ts";

interface Parts extends Pick<FleetParts, "catalog" | "clock"> {
  fleet: Fleet;
}

/** Memories that are scanned before other work gets its turn. */
const SCANNED_PER_TURN = 5000;

/**
 * How many hives there are, in all and in each state. One whose status another program damaged is in `total` alone; unreachable are those that are online though
 * their port does not answer, not beating those of which no heartbeats arrive.
 */
export async function countFleet(parts: Parts) {
  const { catalog, fleet } = parts;
  const [total, online, offline, unknown, remembered] = await Promise.all([
    catalog.countHives(),
    catalog.countByStatus("online"),
    catalog.countByStatus("offline"),
    catalog.countByStatus("unknown"),
    countRemembered(parts),
    fleet.cordons.ready(),
  ]);
  return { total, online, offline, unknown, cordoned: fleet.cordons.count, ...remembered };
}

async function countRemembered({ fleet, clock }: Parts) {
  const nowMs = clock.monotonicNow();
  let [onProbation, unreachable, notBeating] = [0, 0, 0];
  for await (const sights of inBatches(fleet.sights(), SCANNED_PER_TURN)) {
    for (const sight of sights) {
      if (probationAt(sight, nowMs) !== undefined) onProbation += 1;
      if (isUnreachable(sight)) unreachable += 1;
      if (fleet.notBeating(sight) !== null) notBeating += 1;
    }
  }
  return { onProbation, unreachable, notBeating };
}
