import type { HiveRecord, HiveStatus, Labels } from "@repo/hive-catalog";
import type { EventData } from "../telling/event-data.ts";
import type { Notice } from "./liveness/own-condition.ts";
import type { FleetParts } from "./parts.ts";
import type { Revisions } from "./revisions.ts";
import type { Trait } from "./traits.ts";

interface Parts extends Pick<FleetParts, "events" | "metrics" | "log"> {
  revisions: Revisions;
  /** The request that ran longest in the last so many milliseconds, in words. */
  ranLongest: (forMs: number) => string | undefined;
  /** Told of each hive of which something was told. */
  onTold: (id: string) => void;
}

/** Of the labels in an event, as JSON: very many events are kept. */
const MAX_LABELS_LENGTH = 2000;

/** Who changed the catalog: somebody who asked this queen, or another program. */
type Author = "caller" | "another program";

/** The events after which a hive may stand elsewhere in a list. */
type RowEvent = "status" | "hive_added" | "hive_changed" | "hive_removed";

/** Tells of what happens to the fleet: in the log, in the events and in the metrics alike. */
export class Announcer {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  added({ id: hive_id, host, port, status }: HiveRecord, by: Author): void {
    this.#parts.log.info({ hive_id, host, port, status }, `hive added${suffix(by)}`);
    this.#tell("hive_added", { hive_id, host, port, status });
  }

  /** Something else than its status. */
  changed({ id: hive_id, host, port }: HiveRecord, by: Author, others: readonly Trait[], labels?: Labels): void {
    const told = isShort(labels) ? { labels } : {};
    const changed = others.join(", ") || "written anew";
    this.#parts.log.info({ hive_id, host, port, changed }, `hive changed${suffix(by)}`);
    this.#tell("hive_changed", { hive_id, changed, ...told });
  }

  changedByItself(id: string, changed: string): void {
    this.#tell("hive_changed", { hive_id: id, changed });
  }

  notBeating(id: string, why: string): void {
    this.#parts.log.warn({ hive_id: id, why }, "the heartbeats of this hive do not arrive");
  }

  removed(id: string, by: Author): void {
    this.#parts.log.info({ hive_id: id }, `hive removed${suffix(by)}`);
    this.#tell("hive_removed", { hive_id: id });
  }

  status(id: string, was: HiveStatus, status: HiveStatus, why: string): void {
    const { log, metrics } = this.#parts;
    const change = { hive_id: id, was, status, why };
    log.info(change, `hive ${status}`);
    this.#tell("status", change);
    metrics.statusChanges.inc({ status });
  }

  twoSenders(id: string, addresses: readonly string[]): void {
    const text = `two machines beat under the id of this hive, from ${addresses.join(" and ")}: its workers are now those of one, now those of the other; give one of them another id`;
    this.#parts.log.warn({ hive_id: id, addresses }, text);
  }

  /** What the queen went through as a whole. */
  notices(notices: readonly Notice[]): void {
    const { log, events, metrics, ranLongest } = this.#parts;
    for (const notice of notices) {
      const longest = notice.kind === "stalled" && notice.isOwn ? ranLongest(notice.forMs) : undefined;
      const text = `${textOf(notice)}${longest === undefined ? "" : `; the request that ran longest meanwhile: ${longest}`}`;
      log[notice.kind === "resumed" || notice.kind === "network_back" ? "info" : "warn"]({ liveness: notice }, text);
      events.publish("liveness", { kind: notice.kind, why: text, ...countsOf(notice) });
      metrics.notices.inc({ kind: notice.kind });
    }
  }

  confirmed(counts: { missing: number; online: number }, notices: readonly Notice[]): void {
    this.#parts.log.warn(counts, "an operator confirms that the missing hives are gone");
    this.notices(notices);
  }

  /** A hive changed, and whoever reads its row is told. */
  #tell<Type extends RowEvent>(type: Type, data: EventData[Type]): void {
    const { events, revisions, onTold } = this.#parts;
    revisions.changed(data.hive_id);
    events.publish(type, data);
    onTold(data.hive_id);
  }
}

const isShort = (labels: Labels | undefined): boolean =>
  labels !== undefined && JSON.stringify(labels).length <= MAX_LABELS_LENGTH;

const suffix = (by: Author): string => (by === "caller" ? "" : ` by ${by}`);

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

const ENDS = {
  returned: "enough of the missing hives have returned",
  confirmed: "an operator confirmed that the missing hives are gone",
  timed_out: "the time for which marks are held back is over",
};

function textOf(notice: Notice): string {
  switch (notice.kind) {
    case "stalled":
      return `the queen stood still for ${seconds(notice.forMs)}, for ${seconds(notice.busyMs)} of them at work of her own: the silence of hives counts from now, as far as her own work did not take that too often`;
    case "suspended":
      return `the machine was suspended for ${seconds(notice.forMs)}: the silence of hives counts from now`;
    case "network_back":
      return `hives are heard again after ${seconds(notice.forMs)} of silence of all of them`;
    case "network_lost":
      return `no hive at all is heard, out of ${notice.online}: no hive is marked offline until the network is back, an operator confirms, or time is up`;
    case "mass_failure":
      return `${notice.missing} of ${notice.online} online hives went missing at once: no hive is marked offline until they return, an operator confirms, or time is up`;
    case "resumed":
      return `hives are marked offline again: ${ENDS[notice.how]}; ${notice.missing} of ${notice.online} are missing`;
  }
}

const countsOf = (notice: Notice): { missing: number | null; online: number | null } =>
  "missing" in notice ? { missing: notice.missing, online: notice.online } : { missing: null, online: null };
