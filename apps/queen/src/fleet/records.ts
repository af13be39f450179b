import type { HiveRecord, Labels } from "@repo/hive-catalog";
import type { Announcer } from "./announcer.ts";
import type { DeviceDetection } from "./devices.ts";
import type { HiveNews } from "./hive-news.ts";
import { BY_ANOTHER_PROGRAM, type Liveness, OVER_THE_API } from "./liveness/liveness.ts";
import type { Sight } from "./liveness/sight.ts";
import type { FleetParts } from "./parts.ts";
import type { Traits } from "./traits.ts";
import type { HiveRegistry } from "./workers/registry.ts";

interface Parts extends Pick<FleetParts, "clock"> {
  liveness: Liveness;
  registry: HiveRegistry;
  devices: DeviceDetection;
  traits: Traits;
  news: HiveNews;
  announcer: Announcer;
}

/** What is known of what somebody wrote. */
interface Wrote {
  readonly why?: string | undefined;
  readonly labels?: Labels | undefined;
  readonly saysStatus?: boolean;
}

/** Takes over what the catalog says of hives, whoever wrote it, and tells of what is other than it was known. `readAtMs` is the monotonic time just before it was read. */
export class Records {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** It was read, with its labels. */
  learned(record: HiveRecord, readAtMs: number, labels?: Labels): void {
    const { liveness, devices, traits, announcer } = this.#parts;
    const was = liveness.sights.get(record.id)?.status;
    const { status } = this.met(record, readAtMs);
    devices.learn(record, readAtMs);
    const others = traits.learn(record, labels, readAtMs);
    const isWritten = traits.learnWrite(record, readAtMs);
    const hasOtherStatus = was !== undefined && status !== undefined && status !== was;
    // Where only its status was other, and is not now, a list may have passed it over meanwhile.
    if (others.length > 0 || (isWritten && !hasOtherStatus)) announcer.changed(record, "another program", others);
    if (hasOtherStatus) announcer.status(record.id, was, status, BY_ANOTHER_PROGRAM);
  }

  /** It was read, by somebody who needs only what liveness asks of it. */
  met(record: HiveRecord, readAtMs: number): Sight {
    const { clock, liveness, registry, traits, news, announcer } = this.#parts;
    const { sights } = liveness;
    const host = sights.get(record.id)?.host ?? "";
    const sight = liveness.learn(record, readAtMs, clock.monotonicNow(), clock.now());
    if (host !== record.host) registry.reconsider(record.id);
    if (host !== "") return sight;
    // From here on what is other than this is told.
    traits.learn(record, undefined, readAtMs);
    news.noted(record.id);
    if (sights.isComplete) announcer.added(record, "another program");
    return sight;
  }

  /** A caller or an operation wrote its status. */
  written(record: HiveRecord, why?: string): void {
    const { isToldOf, others } = this.#wrote(record, { why });
    if (!isToldOf) this.#parts.announcer.changed(record, others.length > 0 ? "another program" : "caller", others);
  }

  /** A caller wrote more of it than its status, or said nothing of that; `labels` are all that it has now. */
  edited(record: HiveRecord, labels: Labels, saysStatus: boolean): void {
    const { others } = this.#wrote(record, { labels, saysStatus });
    this.#parts.announcer.changed(record, "caller", others, labels);
  }

  /** A caller added it. */
  added(record: HiveRecord, labels: Labels): void {
    this.#wrote(record, { labels });
    this.#parts.announcer.added(record, "caller");
  }

  /** Its status is their word, where they said one. Answers whether that was told, and what else is other than it was known. */
  #wrote(record: HiveRecord, { why = OVER_THE_API, labels, saysStatus = true }: Wrote) {
    const { clock, liveness, registry, devices, traits, announcer } = this.#parts;
    const nowMs = clock.monotonicNow();
    const sight = liveness.sights.get(record.id);
    const was = sight?.status;
    // What they left as it was may be other by now; of a damaged record it was not known.
    if (saysStatus || sight === undefined || sight.damaged) liveness.setByOperator(record, nowMs, clock.now(), why);
    else liveness.learn({ ...record, status: undefined }, nowMs, nowMs, clock.now());
    registry.reconsider(record.id);
    devices.learn(record, nowMs);
    const others = traits.learn(record, labels, nowMs);
    traits.wrote(record.id, nowMs);
    const isToldOf = saysStatus && was !== undefined && was !== record.status;
    if (isToldOf) announcer.status(record.id, was, record.status, why);
    return { isToldOf, others };
  }
}
