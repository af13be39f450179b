import type { Cordon, HiveRecord } from "@repo/hive-catalog";
import type { Clock } from "../process/clock.ts";
import type { AllowedHosts } from "../reach/allowed-hosts.ts";
import type { Cordons } from "./cordons.ts";
import type { Liveness } from "./liveness/liveness.ts";
import type { Rule, Sight } from "./liveness/sight.ts";
import type { Senders, TwoSenders } from "./senders.ts";
import type { HiveRegistry, HiveState } from "./workers/registry.ts";
import { type HiveUsage, usageOf } from "./workers/usage.ts";

/** What the queen believes of a hive now. Times are monotonic. */
export interface HiveView {
  readonly hive: HiveRecord;
  readonly sight: Readonly<Sight>;
  /** What decides its status. */
  readonly rule: Rule;
  readonly why: string;
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
  const last = sight.changes.at(-1);
  const verdict = liveness.judge(sight, hive.status, nowMs);
  const { rule, why } = hive.status === "offline" && last?.status === "offline" ? last : verdict;
  const cordon = cordons.get(hive.id);
  const heard = registry.get(hive.id);
  return {
    hive,
    sight,
    rule,
    why,
    takesWork: liveness.takesWork(hive.id, nowMs) && cordon === undefined,
    isContactable: !allowedHosts.refuses(hive.host) && sight.probe !== "refused",
    countedSilenceMs: liveness.countedSilenceMs(sight, nowMs),
    cordon,
    twoSenders: senders.of(hive.id, nowMs),
    heard,
    usage: usageOf(heard, hive.devices),
  };
}
