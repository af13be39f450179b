import type { HiveStatus } from "@repo/hive-catalog";
import { Liveness, type LivenessRules, type LivenessSettings } from "../src/fleet/liveness/liveness.ts";
import type { ProbeResult, Sight } from "../src/fleet/liveness/sight.ts";
import type { SimulatedCatalog } from "./catalog.ts";
import type { Day } from "./faults.ts";
import { Probing } from "./probing.ts";

/** As the scheduler of probes, who looks every 250 ms for what has run for 250 ms: at a probe that follows one that hung she looks twice. */
const PLACES = 32;
const SLOW_PROBE_MS = 500;

interface World {
  readonly ids: readonly string[];
  readonly day: Day;
  readonly settings: LivenessSettings;
  readonly rules: LivenessRules;
  readonly catalog: SimulatedCatalog;
  readonly wallMs: () => number;
  /** What a probe that is sent now will show. */
  readonly probe: (hive: number) => "answered" | "failed" | "hangs";
  /** A hive was marked offline that was not. */
  readonly marked: (hive: number) => void;
  readonly noticed: (kind: string) => void;
}

/** A queen with her own memory and her own clock. Hives and messages are simulated; who is online is decided by the queen's own code. */
export class SimulatedQueen {
  readonly #world: World;
  readonly #indexOf: ReadonlyMap<string, number>;
  readonly #probing: Probing;
  /** What she remembers of each hive: the same that she finds by id, which a beat in the simulation need not do. */
  readonly #sights: (Sight | undefined)[];
  #liveness: Liveness;
  #nowMs = 0;
  #suspendedMs = 0;
  #tickAtMs = 0;
  #awayUntilMs = 0;

  constructor(world: World) {
    const { ids, settings, rules } = world;
    this.#world = world;
    this.#indexOf = new Map(ids.map((id, hive) => [id, hive]));
    this.#sights = new Array<Sight | undefined>(ids.length).fill(undefined);
    this.#liveness = new Liveness(settings, 0, { rules });
    this.#probing = this.#newProbing();
  }

  /** Whether she neither hears nor does anything now. */
  get isAway(): boolean {
    return this.#nowMs < this.#awayUntilMs;
  }

  setTime(nowMs: number): void {
    this.#nowMs = nowMs;
  }

  /** From now on until then; while the machine is suspended her monotonic clock stands still, and after a restart she remembers nothing. */
  goAway(untilMs: number, kind: "restart" | "stall" | "suspension"): void {
    const { settings, rules } = this.#world;
    this.#awayUntilMs = Math.max(this.#nowMs, untilMs);
    if (kind === "suspension") this.#suspendedMs += this.#awayUntilMs - this.#nowMs;
    if (kind !== "restart") return;
    this.#sights.fill(undefined);
    this.#liveness = new Liveness(settings, this.#awayUntilMs - this.#suspendedMs, { rules });
    this.#probing.restart();
    this.#tickAtMs = this.#awayUntilMs;
  }

  /** Probes and judges until now. */
  advance(): void {
    this.#probing.advance(this.#nowMs);
    if (this.#nowMs < this.#tickAtMs) return;
    this.#tickAtMs = this.#nowMs + this.#liveness.tickIntervalMs;
    const { lost, notices } = this.#liveness.tick(this.#monotonicMs, this.#nowMs);
    for (const { kind } of notices) this.#world.noticed(kind);
    for (const sight of lost) this.#settle(sight, this.#indexOf.get(sight.id) ?? 0);
  }

  /** Takes a beat and returns when the next one is due, in ms. */
  beat(hive: number): number {
    const { catalog, wallMs } = this.#world;
    const storedMs = wallMs();
    catalog.beatMs[hive] = storedMs;
    const sight = this.#sightOf(hive);
    this.#liveness.beat(sight, storedMs, this.#monotonicMs, 1);
    if (sight.status !== "online") this.#settle(sight, hive);
    return this.#liveness.nextBeatMs(sight, this.#monotonicMs);
  }

  /** What her monotonic clock shows. */
  get #monotonicMs(): number {
    return this.#nowMs - this.#suspendedMs;
  }

  #newProbing(): Probing {
    const { day, settings, ids, probe } = this.#world;
    return new Probing({
      hives: ids.length,
      intervalMs: settings.healthIntervalMs,
      places: PLACES,
      slowAfterMs: SLOW_PROBE_MS,
      answerMs: day.answerMs,
      outcomeOf: (hive) => {
        const sight = this.#learn(hive);
        if (day.beatOnly[hive] !== 1) return probe(hive);
        this.#probed(sight, "refused", this.#nowMs, this.#nowMs);
        return undefined;
      },
      tell: (hive, outcome, startedAtMs, endedAtMs) => {
        const sight = this.#sights[hive];
        if (sight === undefined) return;
        this.#probed(sight, outcome, startedAtMs, endedAtMs);
        if (sight.status !== "online") this.#settle(sight, hive);
      },
    });
  }

  #probed(sight: Sight, outcome: ProbeResult["outcome"], startedMs: number, endedMs: number): void {
    const startedAtMs = startedMs - this.#suspendedMs;
    const endedAtMs = endedMs - this.#suspendedMs;
    this.#liveness.probed(sight, sight, { outcome, startedAtMs, endedAtMs, problem: undefined });
  }

  /** A round reads the catalog before it probes. What a queen who is alone wrote herself is nothing new to her. */
  #learn(hive: number): Sight {
    const { catalog, day, wallMs } = this.#world;
    const known = this.#sights[hive];
    if (known !== undefined && known.host !== "" && day.queens === 1) return known;
    const { id } = this.#sightOf(hive);
    const status = catalog.status[hive] ?? "unknown";
    const record = { id, host: id, port: 8600, status, lastHeartbeatMs: catalog.heartbeatMs(hive) };
    return this.#liveness.learn(record, this.#monotonicMs, this.#monotonicMs, wallMs());
  }

  #sightOf(hive: number): Sight {
    let sight = this.#sights[hive];
    if (sight === undefined) {
      sight = this.#liveness.sights.see(this.#world.ids[hive] ?? "");
      this.#sights[hive] = sight;
    }
    return sight;
  }

  /** As the status keeper does. */
  #settle(sight: Sight, hive: number): void {
    const { catalog, marked } = this.#world;
    const nowMs = this.#monotonicMs;
    const stored: HiveStatus = catalog.status[hive] ?? "unknown";
    const was = sight.status ?? stored;
    const verdict = this.#liveness.judge(sight, was, nowMs);
    sight.status = was;
    if (verdict.status === was) return;
    if (verdict.status !== "offline") {
      catalog.status[hive] = verdict.status;
      this.#liveness.changed(sight, was, verdict, nowMs);
      return;
    }
    if (!catalog.markOffline(hive, sight.heartbeatMs)) return void this.#learn(hive);
    this.#liveness.unsure(sight, nowMs);
    this.#liveness.markedOffline(sight, was, verdict, nowMs);
    if (stored !== "offline") marked(hive);
  }
}
