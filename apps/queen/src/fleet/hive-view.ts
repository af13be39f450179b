import type { Cordon, HiveRecord } from "@repo/hive-catalog";
import type { Cordons } from "./cordons.ts";
import type { Liveness } from "./liveness/liveness.ts";
import { probationAt } from "./liveness/probation.ts";
import type { Probation, Sight, Verdict } from "./liveness/sight.ts";
import type { FleetParts } from "./parts.ts";
import type { Senders, TwoSenders } from "./senders.ts";
import type { HiveRegistry, HiveState } from "./workers/registry.ts";
import { type HiveUsage, usageOf } from "./workers/usage.ts";
import { whyNoWork } from "./workers/why-no-work.ts";

/** What is remembered of a hive, and what decides its status. */
export interface Standing extends Pick<Verdict, "rule" | "why"> {
  readonly sight: Readonly<Sight>;
}

/** What the queen believes of a hive now. Times are monotonic. */
export interface HiveView extends Standing {
  readonly hive: HiveRecord;
  /** Why none of its workers could be given work now, in words; null when one could. */
  readonly whyNot: string | null;
  /** Whether the queen may contact it: of a name that is known only once a probe has tried it. */
  readonly isContactable: boolean;
  readonly countedSilenceMs: number;
  readonly cordon: Cordon | undefined;
  readonly twoSenders: TwoSenders | undefined;
  /** From its last heartbeat, if this queen took one. */
  readonly heard: HiveState | undefined;
  readonly usage: HiveUsage;
}

interface Memories extends Pick<FleetParts, "allowedHosts" | "clock"> {
  liveness: Liveness;
  registry: HiveRegistry;
  cordons: Cordons;
  senders: Senders;
}

/** Puts together what is known of a hive that was met. */
export function viewOf(hive: HiveRecord, memories: Memories): HiveView {
  const { liveness, registry, cordons, senders, allowedHosts, clock } = memories;
  const nowMs = clock.monotonicNow();
  const sight = liveness.sights.see(hive.id);
  const cordon = cordons.get(hive.id);
  const heard = registry.get(hive.id);
  const standing = standingOf(hive, sight, liveness, nowMs);
  const ofWorkers = whyNoWork(heard?.live ? heard.workers : undefined, hive.host);
  return {
    hive,
    ...standing,
    whyNot: whyNotOf(hive, standing, { cordon, probation: probationAt(sight, nowMs), ofWorkers }),
    isContactable: !allowedHosts.refuses(hive.host) && sight.probe !== "refused",
    countedSilenceMs: liveness.countedSilenceMs(sight, nowMs),
    cordon,
    twoSenders: senders.of(hive.id, nowMs),
    heard,
    usage: usageOf(heard, hive.devices),
  };
}

/** Why it is offline is known from when it was marked; all else is judged anew. */
export function standingOf(
  { status }: Pick<HiveRecord, "status">,
  sight: Sight,
  liveness: Liveness,
  nowMs: number,
): Standing {
  const last = sight.changes.at(-1);
  const wasMarked = status === "offline" && last?.status === "offline";
  const { rule, why } = wasMarked ? last : liveness.judge(sight, status, nowMs);
  return { sight, rule, why };
}

interface Obstacles {
  readonly cordon: Cordon | null | undefined;
  readonly probation: Probation | undefined;
  /** Why none of its workers could be given work, by what they say themselves. */
  readonly ofWorkers: string | undefined;
}

/** Why none of the workers of a hive could be given work now, in words: of several reasons the first. Null when one could. */
export function whyNotOf({ status }: HiveRecord, { sight, why }: Standing, obstacles: Obstacles): string | null {
  const { cordon, probation, ofWorkers } = obstacles;
  if (status !== "online") return `it is ${status}: ${why}`;
  if (sight.status !== "online") return `whether it is online is not sure: ${why}`;
  if (cordon) return `it is cordoned: ${cordon.reason}`;
  if (probation) return "it is on probation: it went on and off too often";
  return ofWorkers ?? null;
}
