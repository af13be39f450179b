import { NOTICE_KINDS } from "./events.ts";

/** What a metric is called and what it tells. */
interface Description {
  readonly name: string;
  readonly help: string;
}

/** Counts what happened, for each value of its one label. The values are a closed list, so that no caller can make more series. */
export class Counter<Value extends string = string> {
  readonly about: Description & { readonly label: string };
  readonly counts = new Map<Value, number>();

  constructor(about: Description & { readonly label: string }, values: readonly Value[]) {
    this.about = about;
    for (const value of values) this.counts.set(value, 0);
  }

  add(value: Value): void {
    this.counts.set(value, (this.counts.get(value) ?? 0) + 1);
  }
}

/** Counts observations by size. */
export class Histogram {
  readonly about: Description;
  /** Upper ends of the buckets, each included in its own. */
  readonly bounds: readonly number[];
  /** One more than there are bounds: the last is for what is larger than all of them. */
  readonly counts: number[];
  sum = 0;

  constructor(about: Description, bounds: readonly number[]) {
    this.about = about;
    this.bounds = bounds;
    this.counts = new Array(bounds.length + 1).fill(0);
  }

  observe(value: number): void {
    const { bounds, counts } = this;
    let bucket = 0;
    while (bucket < bounds.length && value > (bounds[bucket] ?? 0)) bucket++;
    counts[bucket] = (counts[bucket] ?? 0) + 1;
    this.sum += value;
  }
}

/** A number that is true now: whoever owns it hands in how to read it. */
export class Gauge {
  readonly about: Description;
  read: () => number = () => 0;

  constructor(about: Description) {
    this.about = about;
  }
}

/** Why a reader of events was cut off: it fell out of the log, took nothing for a whole keep-alive interval, or its token was revoked. */
export type CutReason = "fell_behind" | "stalled" | "revoked";

const LOOP_TICK_MS = 100;
const GROUP_SIZES = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];
const SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/**
 * What the parts of the queen count while they work: plain numbers, because a request must not wait for a library. `metrics-page.ts` writes them
 * out when somebody asks for `/metrics`.
 */
export class Metrics {
  readonly beats = new Counter(
    { name: "queen_heartbeats_total", help: "Heartbeats by what became of them", label: "result" },
    ["stored", "unknown_hive", "failed"],
  );
  readonly groupSizes = new Histogram(
    { name: "queen_heartbeat_group_size", help: "How many heartbeats shared one commit" },
    GROUP_SIZES,
  );
  readonly commitSeconds = new Histogram(
    { name: "queen_heartbeat_commit_seconds", help: "How long the commit of a group of heartbeats took" },
    SECONDS,
  );
  readonly beatsWaiting = new Gauge({
    name: "queen_heartbeats_waiting",
    help: "Heartbeats that have arrived and are not answered yet: the depth of the queue",
  });
  readonly statusChanges = new Counter(
    { name: "queen_status_changes_total", help: "Changes of a hive's status, by what it became", label: "status" },
    ["unknown", "online", "offline"],
  );
  readonly probes = new Counter(
    { name: "queen_probes_total", help: "Health checks of hives by what they showed", label: "outcome" },
    ["answered", "failed", "refused"],
  );
  readonly probeSeconds = new Histogram(
    { name: "queen_probe_seconds", help: "How long health checks took that were sent, answered or not" },
    SECONDS,
  );
  readonly notices = new Counter(
    {
      name: "queen_liveness_notices_total",
      help: "What the queen went through as a whole, by its kind",
      label: "kind",
    },
    NOTICE_KINDS,
  );
  readonly marksHeld = new Gauge({
    name: "queen_offline_marks_held",
    help: "1 while so many hives are missing that none is marked offline",
  });
  readonly missingHives = new Gauge({
    name: "queen_missing_hives",
    help: "Online hives that were on the way to be marked offline at the last sweep",
  });
  readonly problems = new Counter<string>(
    { name: "queen_problems_total", help: "Requests that were answered with an error, by its code", label: "code" },
    // There from the start, so that the first one is seen as an increase.
    ["INTERNAL"],
  );
  readonly eventReaders = new Gauge({
    name: "queen_event_readers",
    help: "Readers that are connected to /v1/events",
  });
  readonly eventReadersCut = new Counter<CutReason>(
    { name: "queen_event_readers_cut_total", help: "Readers of events that were cut off, by why", label: "why" },
    ["fell_behind", "stalled", "revoked"],
  );
  readonly eventLoopDelaySeconds = new Histogram(
    { name: "queen_event_loop_delay_seconds", help: "How much later than it should a timer of 100 ms fired" },
    SECONDS,
  );

  /** For `HiveCatalog.open`. */
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

  /** All of them: `Counter`, `Histogram` and `Gauge`. */
  all(): (Counter | Histogram | Gauge)[] {
    return Object.values(this).filter(
      (part) => part instanceof Counter || part instanceof Histogram || part instanceof Gauge,
    );
  }
}
