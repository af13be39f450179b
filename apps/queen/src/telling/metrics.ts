import { HIVE_STATUSES } from "@repo/hive-catalog/record";
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import { NOTICE_KINDS } from "./event-data.ts";

/** Why a reader of events was cut off: it fell out of the log, took nothing for a whole keep-alive interval, or its token was revoked. */
export type CutReason = "fell_behind" | "stalled" | "revoked";

const LOOP_TICK_MS = 100;
const GROUP_SIZES = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];
const SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** What the parts of the queen count while they work. `http/metrics-page.ts` adds what is found out when somebody asks for `/metrics`. */
export class Metrics {
  readonly registry = new Registry();
  readonly beats = this.#counter("queen_heartbeats_total", "Heartbeats by what became of them", "result", [
    "stored",
    "unknown_hive",
    "failed",
  ]);
  readonly unusableParts = this.#counter(
    "queen_heartbeat_unusable_parts_total",
    "What of heartbeats could not be used: a worker, GPU or model that was left out, a field that counts as unknown",
    "part",
    ["worker", "gpu", "model", "field"],
  );
  readonly groupSizes = this.#histogram(
    "queen_heartbeat_group_size",
    "How many heartbeats shared one commit",
    GROUP_SIZES,
  );
  readonly commitSeconds = this.#histogram(
    "queen_heartbeat_commit_seconds",
    "How long the commit of a group of heartbeats took",
  );
  readonly beatsWaiting = this.#gauge(
    "queen_heartbeats_waiting",
    "Heartbeats that have arrived and are not answered yet: the depth of the queue",
  );
  readonly statusChanges = this.#counter(
    "queen_status_changes_total",
    "Changes of a hive's status, by what it became",
    "status",
    HIVE_STATUSES,
  );
  readonly probes = this.#counter("queen_probes_total", "Health checks of hives by what they showed", "outcome", [
    "answered",
    "failed",
    "refused",
    "unresolved",
    "unsent",
  ]);
  readonly probeSeconds = this.#histogram(
    "queen_probe_seconds",
    "How long health checks took that were sent, answered or not",
  );
  readonly notices = this.#counter(
    "queen_liveness_notices_total",
    "What the queen went through as a whole, by its kind",
    "kind",
    NOTICE_KINDS,
  );
  readonly marksHeld = this.#gauge(
    "queen_offline_marks_held",
    "1 while so many hives are missing that none is marked offline",
  );
  readonly missingHives = this.#gauge(
    "queen_missing_hives",
    "Online hives that were on the way to be marked offline at the last sweep",
  );
  readonly twoSenders = this.#gauge(
    "queen_hives_with_two_senders",
    "Hives under whose id two machines beat, from two addresses by turns",
  );
  readonly otherQueens = this.#gauge(
    "queen_other_queens",
    "Other queens that run on the same catalog, which is made for one",
  );
  readonly catalogWritesFailing = this.#gauge(
    "queen_catalog_writes_failing",
    "1 while the catalog can be read, and no change of it has succeeded for 20 seconds",
  );
  readonly certificateExpiry = this.#gauge(
    "queen_tls_certificate_expiry_seconds",
    "When the TLS certificate, or one of its chain, expires: in seconds since 1970",
  );
  readonly workAsked = this.#counter(
    "queen_worker_requests_total",
    "Who asked where to send work, by what was found: a worker, a promise of one, a model that is on disk, or nothing",
    "found",
    ["worker", "claim", "model_on_disk", "nothing"],
  );
  readonly claims = this.#gauge("queen_worker_claims", "Claims on workers that are held");
  readonly problems = this.#counter(
    "queen_problems_total",
    "Requests that were answered with an error, by its code",
    // Those that the handbook alerts on: the others come as they happen.
    "code",
    ["INTERNAL", "UNAUTHENTICATED", "TOO_MANY_REQUESTS"],
  );
  readonly eventReaders = this.#gauge("queen_event_readers", "Readers that are connected to /v1/events");
  readonly eventReadersCut = this.#counter(
    "queen_event_readers_cut_total",
    "Readers of events that were cut off, by why",
    "why",
    ["fell_behind", "stalled", "revoked"] satisfies CutReason[],
  );
  readonly eventLoopDelaySeconds = this.#histogram(
    "queen_event_loop_delay_seconds",
    "How much later than it should a timer of 100 ms fired",
  );

  readonly onCommit = ({ size, durationMs }: { size: number; durationMs: number }): void => {
    this.groupSizes.observe(size);
    this.commitSeconds.observe(durationMs / 1000);
  };

  /** Observes how late timers fire. Returns what ends that. */
  watchEventLoop(): () => void {
    let dueMs = performance.now() + LOOP_TICK_MS;
    const ticks = setInterval(() => {
      const nowMs = performance.now();
      this.eventLoopDelaySeconds.observe(Math.max(0, nowMs - dueMs) / 1000);
      dueMs = nowMs + LOOP_TICK_MS;
    }, LOOP_TICK_MS).unref();
    return () => clearInterval(ticks);
  }

  /** Has a series for each of these values of its label from the start, so that the first count is seen as an increase. */
  #counter<Label extends string>(name: string, help: string, label: Label, values: readonly string[]): Counter<Label> {
    const counter = new Counter({ name, help, labelNames: [label], registers: [this.registry] });
    for (const value of values) counter.labels(value).inc(0);
    return counter;
  }

  #histogram(name: string, help: string, buckets = SECONDS): Histogram {
    return new Histogram({ name, help, buckets, registers: [this.registry] });
  }

  /** A number that is true now: whoever owns it hands in how to read it, and undefined while there is none. */
  #gauge(name: string, help: string): { read: () => number | undefined } {
    const owner: { read: () => number | undefined } = { read: () => 0 };
    const collect = () => {
      const value = owner.read();
      if (value === undefined) gauge.remove();
      else gauge.set(value);
    };
    const gauge: Gauge = new Gauge({ name, help, registers: [this.registry], collect });
    return owner;
  }
}
