import type { Cordon, HiveRecord } from "@repo/hive-catalog";
import type { Clock } from "../process/clock.ts";
import type { AllowedHosts } from "../reach/allowed-hosts.ts";
import type { Cordons } from "./cordons.ts";
import type { Liveness } from "./liveness/liveness.ts";
import type { Rule, Sight } from "./liveness/sight.ts";
import type { Senders, TwoSenders } from "./senders.ts";
import type { HiveRegistry, HiveState } from "./workers/registry.ts";
import { type HiveUsage, usageOf } from "./workers/usage.ts";

/** What is remembered of a hive, and what decides its status. */
export interface Standing {
  readonly sight: Readonly<Sight>;
  readonly rule: Rule;
  readonly why: string;
}

/** What the queen believes of a hive now. Times are monotonic. */
export interface HiveView extends Standing {
  readonly hive: HiveRecord;
  readonly takesWork: boolean;
  /** Whether the queen may contact it: of a name that is known only once a probe has tried it. */
  readonly isContactable: boolean;
  readonly countedSilenceMs: number;
  readonly cordon: Cordon | undefined;
  readonly twoSenders: TwoSenders | undefined;
  /** From its last heartbeat, if this queen took one. */
  readonly heard: HiveState | undefined;
  readonly usage: HiveUsage;
}

interface Memories {
  liveness: Liveness;
  registry: HiveRegistry;
  cordons: Cordons;
  senders: Senders;
  allowedHosts: AllowedHosts;
  clock: Clock;
}

/** Puts together what is known of a hive that was met. */
export function viewOf(hive: HiveRecord, memories: Memories): HiveView {
  const { liveness, registry, cordons, senders, allowedHosts, clock } = memories;
  const nowMs = clock.monotonicNow();
  const sight = liveness.sights.see(hive.id);
  const cordon = cordons.get(hive.id);
  const heard = registry.get(hive.id);
  return {
    hive,
    ...standingOf(hive, sight, liveness, nowMs),
    takesWork: liveness.takesWork(hive.id, nowMs) && cordon === undefined,
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
