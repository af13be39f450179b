import { inBatches } from "../process/turn.ts";
import type { Announcer } from "./announcer.ts";
import { oneLine } from "./device-changes.ts";
import { standingOf } from "./hive-view.ts";
import type { Liveness } from "./liveness/liveness.ts";
import { probationAt } from "./liveness/probation.ts";
import type { NotBeating, Rule, Sight } from "./liveness/sight.ts";
import type { FleetParts } from "./parts.ts";
import type { Heartbeat, Shown } from "./workers/heartbeat.ts";
import type { HiveRegistry } from "./workers/registry.ts";
import { showSame } from "./workers/shown.ts";

/** Between two events about the workers of one hive. */
const WORKERS_GAP_MS = 2000;
/** How often what waits for that is looked at. */
export const TELLING_INTERVAL_MS = 500;
/** How many hives are scanned before other work gets its turn. */
const SCANNED_PER_TURN = 100;

interface Parts extends Pick<FleetParts, "events" | "clock" | "stopping"> {
  liveness: Liveness;
  registry: HiveRegistry;
  announcer: Announcer;
}

/** The last beat of a hive, and what was told of it. */
interface Beaten extends Shown {
  workers: Heartbeat["workers"];
  reading: Heartbeat["reading"];
  /** Whether it counted, and what it had measured did, when that was looked at last. */
  isLive: boolean;
  isRead: boolean;
  /** Monotonic. */
  toldAtMs: number;
}

/** What shows of a hive and changes by itself: by time, or by a health check. */
interface State {
  readonly status: Sight["status"];
  readonly rule: Rule;
  readonly notBeating: NotBeating | null;
  readonly unreachableSinceMs: number | undefined;
  readonly probationUntilMs: number | undefined;
  readonly damaged: boolean;
}

/** Tells of what shows of a hive although nobody says so: what its beats bring, and what changes by itself. */
export class HiveNews {
  readonly #parts: Parts;
  readonly #beaten = new Map<string, Beaten>();
  /** Of these the last state is not told yet. */
  readonly #untold = new Set<string>();
  readonly #states = new Map<string, State>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  heard({ hiveId, workers, reading }: Heartbeat): void {
    const beaten = this.#beaten.get(hiveId);
    if (beaten === undefined) {
      const isRead = reading !== null;
      this.#beaten.set(hiveId, { workers, reading, isLive: true, isRead, toldAtMs: Number.NEGATIVE_INFINITY });
      this.#changed(hiveId);
      return;
    }
    const isSame = beaten.isLive && showSame(beaten, { workers, reading });
    beaten.workers = workers;
    beaten.reading = reading;
    beaten.isLive = true;
    if (!isSame) this.#changed(hiveId);
  }

  /** Everything that shows of the hive is told now, or was not seen by anybody before. */
  noted(hiveId: string): void {
    const sight = this.#parts.liveness.sights.get(hiveId);
    if (sight !== undefined) this.#states.set(hiveId, this.#judged(sight).state);
  }

  forget(hiveId: string): void {
    this.#beaten.delete(hiveId);
    this.#untold.delete(hiveId);
    this.#states.delete(hiveId);
  }

  /** Tells of the workers of those hives that had to wait. */
  async tellDue(): Promise<void> {
    for await (const hiveIds of inBatches(this.#untold, SCANNED_PER_TURN)) {
      for (const hiveId of hiveIds) this.#tellWorkers(hiveId);
    }
  }

  /** Looks for what changed by itself, until the queen stops. */
  async look(): Promise<void> {
    for await (const sights of inBatches(this.#parts.liveness.sights.values(), SCANNED_PER_TURN)) {
      if (this.#parts.stopping.aborted) return;
      for (const sight of sights) {
        this.#lookAt(sight);
        this.#lookAtWorkers(sight.id);
      }
    }
  }

  #changed(hiveId: string): void {
    this.#untold.add(hiveId);
    this.#tellWorkers(hiveId);
  }

  #tellWorkers(hiveId: string): void {
    const { clock, events } = this.#parts;
    const beaten = this.#beaten.get(hiveId);
    const nowMs = clock.monotonicNow();
    if (beaten === undefined || nowMs - beaten.toldAtMs < WORKERS_GAP_MS) return;
    beaten.toldAtMs = nowMs;
    this.#untold.delete(hiveId);
    events.publish("workers", { hive_id: hiveId });
  }

  #lookAt(sight: Sight): void {
    const { announcer } = this.#parts;
    const before = this.#states.get(sight.id);
    const { state, why } = this.#judged(sight);
    const changes = before === undefined ? [] : changesOf(before, state, why, sight);
    if (before === undefined) this.#states.set(sight.id, state);
    else if (changes.length > 0) announcer.changedByItself(sight.id, oneLine(changes));
    if (state.notBeating !== null && before?.notBeating !== state.notBeating) announcer.notBeating(sight.id, why);
  }

  /** What their hive said of them counts for some time only, and so does what it measured. */
  #lookAtWorkers(hiveId: string): void {
    const beaten = this.#beaten.get(hiveId);
    const heard = this.#parts.registry.get(hiveId);
    if (beaten === undefined || heard === undefined) return;
    const isRead = heard.reading !== null;
    if (heard.live === beaten.isLive && isRead === beaten.isRead) return;
    beaten.isLive = heard.live;
    beaten.isRead = isRead;
    this.#changed(hiveId);
  }

  /** Beside what is kept, why it is so: that grows with time. */
  #judged(sight: Sight): { state: State; why: string } {
    const { clock, liveness } = this.#parts;
    const { status, unreachableSinceMs, damaged } = sight;
    const nowMs = clock.monotonicNow();
    const { rule, why } = standingOf({ status: status ?? "unknown" }, sight, liveness, nowMs);
    const notBeating = liveness.notBeating(sight, nowMs);
    const probationUntilMs = probationAt(sight, nowMs)?.untilMs;
    return { state: { status, rule, notBeating, unreachableSinceMs, probationUntilMs, damaged }, why };
  }
}

/** In words, what is other than before. */
function changesOf(before: State, now: State, why: string, { probe, probes }: Sight): string[] {
  const changes: string[] = [];
  if (before.damaged !== now.damaged) changes.push(now.damaged ? "its record is damaged" : "its record is sound again");
  if (before.status !== now.status)
    changes.push(now.status === undefined ? "its status is not sure" : `it is ${now.status}`);
  if (before.rule !== now.rule || before.notBeating !== now.notBeating) changes.push(why);
  if (before.unreachableSinceMs !== now.unreachableSinceMs) changes.push(reachText(now, probe, probes));
  if (before.probationUntilMs !== now.probationUntilMs) {
    changes.push(now.probationUntilMs === undefined ? "its probation is over" : "it is on probation");
  }
  return changes;
}

function reachText({ unreachableSinceMs }: State, probe: Sight["probe"], probes: Sight["probes"]): string {
  if (unreachableSinceMs !== undefined) return `its health checks fail: ${probes.at(-1)?.problem}`;
  return probe === "answered" ? "it answers health checks again" : "no health check of it fails";
}
