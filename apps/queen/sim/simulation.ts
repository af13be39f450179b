import type { HiveStatus } from "@repo/hive-catalog";
import { Liveness, type LivenessRules, type LivenessSettings } from "../src/fleet/liveness/liveness.ts";
import type { Sight } from "../src/fleet/liveness/sight.ts";
import { type Day, LATEST_FIND_MS } from "./faults.ts";
import { TrueFleet } from "./fleet.ts";
import { Probing } from "./probing.ts";
import { Random } from "./random.ts";
import { BeatWheel } from "./wheel.ts";

const STEP_MS = 250;
const BEAT_MS = 15_000;
const BACK_OFF_MS = 1000;
/** As the hive agent. */
const REQUEST_TIMEOUT_MS = 10_000;
/** As the health loop, who looks every 250 ms for what has run for 250 ms: at a probe that follows one that hung she looks twice. */
const PLACES = 32;
const SLOW_PROBE_MS = 500;
const LOST_BEATS = 0.001;
const LOST_PROBES = 0.0002;
const WALL_START_MS = 1_761_040_800_000;

export interface Outcome {
  beats: number;
  probes: number;
  losses: number;
  marks: number;
  falseMarks: number;
  /** Marks of living hives that nothing could reach. */
  partitionMarks: number;
  missedLosses: number;
  /** How long the queen was awake from the loss of a single hive to its mark, in ms, in order. */
  detectionMs: number[];
  /** The same for hives that were lost with many others. */
  massDetectionMs: number[];
  /** By kind, what the queen said of herself. */
  notices: Record<string, number>;
}

interface Options {
  readonly hives: number;
  readonly day: Day;
  readonly settings: LivenessSettings;
  readonly rules: LivenessRules;
  readonly seed: number;
  /** Told now and then which part of the day is over. */
  readonly onProgress: (share: number) => void;
}

/** Lets one queen with these rules live through the day. Hives, losses and messages are simulated; who is online is decided by the queen's own code. */
export class Simulation {
  readonly #options: Options;
  readonly #fleet: TrueFleet;
  readonly #wheel: BeatWheel;
  readonly #probing: Probing;
  readonly #random: Random;
  readonly #indexOf: ReadonlyMap<string, number>;
  /** What the queen remembers of each hive: the same that she finds by id, which a beat in the simulation need not do. */
  readonly #sights: (Sight | undefined)[];
  /** What the catalog holds, which survives the queen. */
  readonly #status: HiveStatus[];
  readonly #storedBeatMs: Float64Array;
  readonly #failures: Uint8Array;
  readonly #isWaiting: Uint8Array;
  readonly #isFound: Uint8Array;
  readonly #isMassLoss: Uint8Array;
  /** How long the queen had been awake when the hive was lost: she cannot find what happens in her sleep. */
  readonly #awakeAtLossMs: Float64Array;
  readonly #outcome: Outcome;
  #liveness: Liveness;
  #nowMs = 0;
  #suspendedMs = 0;
  #awakeMs = 0;
  #wallOffsetMs = WALL_START_MS;
  #tickAtMs = 0;

  constructor(options: Options) {
    const { hives, day, settings, rules, seed } = options;
    this.#options = options;
    this.#fleet = new TrueFleet(hives, day);
    this.#wheel = new BeatWheel(hives, STEP_MS, 60_000);
    this.#random = new Random(seed + 1_000_000);
    this.#indexOf = new Map(this.#fleet.ids.map((id, hive) => [id, hive]));
    this.#sights = new Array<Sight | undefined>(hives).fill(undefined);
    this.#status = new Array<HiveStatus>(hives).fill("online");
    this.#storedBeatMs = new Float64Array(hives).fill(WALL_START_MS);
    this.#failures = new Uint8Array(hives);
    this.#isWaiting = new Uint8Array(hives).fill(1);
    this.#isFound = new Uint8Array(hives);
    this.#isMassLoss = new Uint8Array(hives);
    this.#awakeAtLossMs = new Float64Array(hives);
    this.#outcome = {
      beats: 0,
      probes: 0,
      losses: 0,
      marks: 0,
      falseMarks: 0,
      partitionMarks: 0,
      missedLosses: 0,
      detectionMs: [],
      massDetectionMs: [],
      notices: {},
    };
    this.#liveness = new Liveness(settings, 0, rules);
    this.#probing = this.#newProbing();
    for (let hive = 0; hive < hives; hive += 1) this.#wheel.add(hive, 0, this.#random.next() * BEAT_MS);
  }

  run(): Outcome {
    const { day, onProgress } = this.#options;
    const queenFaults = [...day.queenFaults].sort((a, b) => a.fromMs - b.fromMs);
    const jumps = [...day.clockJumps].sort((a, b) => a.atMs - b.atMs);
    let awayUntilMs = 0;
    for (; this.#nowMs < day.durationMs; this.#nowMs += STEP_MS) {
      const nowMs = this.#nowMs;
      if (nowMs % 600_000 === 0) onProgress(nowMs / day.durationMs);
      for (let jump = jumps[0]; jump !== undefined && jump.atMs <= nowMs; jump = jumps[0]) {
        this.#wallOffsetMs += jump.byMs;
        jumps.shift();
      }
      this.#fleet.advance(nowMs, this.#witness);
      const fault = queenFaults[0];
      if (fault !== undefined && fault.fromMs <= nowMs && nowMs >= awayUntilMs) {
        queenFaults.shift();
        awayUntilMs = Math.max(nowMs, fault.toMs);
        if (fault.kind === "suspension") this.#suspendedMs += awayUntilMs - nowMs;
        if (fault.kind === "restart") this.#restartAt(awayUntilMs);
      }
      const isAway = nowMs < awayUntilMs;
      this.#wheel.take(nowMs, isAway ? this.#beatInVain : this.#beat);
      if (isAway) continue;
      this.#awakeMs += STEP_MS;
      this.#probing.advance(nowMs);
      if (nowMs >= this.#tickAtMs) this.#tick();
    }
    this.#countOpenLosses();
    this.#outcome.detectionMs.sort((a, b) => a - b);
    this.#outcome.massDetectionMs.sort((a, b) => a - b);
    return this.#outcome;
  }

  /** What the queen's monotonic clock shows: it stands still while the machine sleeps. */
  get #monotonicMs(): number {
    return this.#nowMs - this.#suspendedMs;
  }

  readonly #witness = {
    lossBegins: (hive: number, isMass: boolean) => {
      this.#awakeAtLossMs[hive] = this.#awakeMs;
      this.#isMassLoss[hive] = isMass ? 1 : 0;
      this.#isFound[hive] = this.#status[hive] === "offline" ? 1 : 0;
      this.#outcome.losses += 1;
    },
    lossEnds: (hive: number) => this.#countIfMissed(hive),
    /** An agent that starts beats at once. */
    up: (hive: number) => {
      if (this.#isWaiting[hive] === 1) return;
      this.#failures[hive] = 0;
      this.#schedule(hive, 0);
    },
  };

  readonly #beat = (hive: number): void => {
    this.#isWaiting[hive] = 0;
    if (this.#fleet.isDown(hive)) return;
    const isLost = !this.#fleet.beatsGetThrough(hive) || this.#random.next() < LOST_BEATS;
    if (isLost) {
      this.#beatInVain(hive);
      return;
    }
    this.#failures[hive] = 0;
    this.#outcome.beats += 1;
    const nowMs = this.#monotonicMs;
    const storedMs = this.#nowMs + this.#wallOffsetMs;
    this.#storedBeatMs[hive] = storedMs;
    const sight = this.#sightOf(hive);
    this.#liveness.beat(sight, storedMs, nowMs, 1);
    if (sight.status !== "online") this.#settle(sight, hive);
    const isStubborn = this.#options.day.stubborn[hive] === 1;
    this.#schedule(hive, isStubborn ? BEAT_MS : this.#liveness.nextBeatMs(sight, nowMs));
  };

  /** The agent waits for an answer, and then as its back-off says. */
  readonly #beatInVain = (hive: number): void => {
    this.#isWaiting[hive] = 0;
    if (this.#fleet.isDown(hive)) return;
    const failures = Math.min(10, (this.#failures[hive] ?? 0) + 1);
    this.#failures[hive] = failures;
    const hangs = this.#fleet.beatsGetThrough(hive) ? 0 : REQUEST_TIMEOUT_MS;
    const boundMs = Math.min(BEAT_MS, BACK_OFF_MS * 2 ** (failures - 1));
    this.#schedule(hive, hangs + this.#random.next() * boundMs);
  };

  #schedule(hive: number, waitMs: number): void {
    this.#isWaiting[hive] = 1;
    this.#wheel.add(hive, this.#nowMs, waitMs);
  }

  #newProbing(): Probing {
    const { day, settings, hives } = this.#options;
    return new Probing({
      hives,
      intervalMs: settings.healthIntervalMs,
      places: PLACES,
      slowAfterMs: SLOW_PROBE_MS,
      outcomeOf: (hive) => {
        const sight = this.#learn(hive);
        if (day.beatOnly[hive] === 1) {
          const nowMs = this.#monotonicMs;
          const refused = { outcome: "refused", startedAtMs: nowMs, endedAtMs: nowMs, problem: undefined } as const;
          this.#liveness.probed(sight, sight, refused);
          return undefined;
        }
        this.#outcome.probes += 1;
        if (this.#fleet.answersProbes(hive)) return this.#random.next() < LOST_PROBES ? "failed" : "answered";
        return this.#fleet.letsProbesHang(hive) ? "hangs" : "failed";
      },
      tell: (hive, outcome, startedAtMs, endedAtMs) => {
        const sight = this.#sights[hive];
        if (sight === undefined) return;
        this.#liveness.probed(sight, sight, {
          outcome,
          startedAtMs: startedAtMs - this.#suspendedMs,
          endedAtMs: endedAtMs - this.#suspendedMs,
          problem: undefined,
        });
        if (sight.status !== "online") this.#settle(sight, hive);
      },
    });
  }

  /** A round reads the catalog before it probes. What this queen wrote herself is nothing new to her. */
  #learn(hive: number): Sight {
    const known = this.#sights[hive];
    if (known !== undefined && known.host !== "") return known;
    const { id } = this.#sightOf(hive);
    const record = {
      id,
      host: id,
      port: 8600,
      status: this.#status[hive] ?? "unknown",
      lastHeartbeatMs: this.#storedBeatMs[hive] ?? null,
    };
    const nowMs = this.#monotonicMs;
    return this.#liveness.learn(record, nowMs, nowMs, this.#nowMs + this.#wallOffsetMs);
  }

  #sightOf(hive: number): Sight {
    let sight = this.#sights[hive];
    if (sight === undefined) {
      sight = this.#liveness.sights.see(this.#fleet.ids[hive] ?? "");
      this.#sights[hive] = sight;
    }
    return sight;
  }

  #restartAt(atMs: number): void {
    const { settings, rules } = this.#options;
    this.#sights.fill(undefined);
    this.#liveness = new Liveness(settings, atMs - this.#suspendedMs, rules);
    this.#probing.restart();
    this.#tickAtMs = atMs;
  }

  #tick(): void {
    this.#tickAtMs = this.#nowMs + this.#liveness.tickIntervalMs;
    const { lost, notices } = this.#liveness.tick(this.#monotonicMs, this.#nowMs);
    for (const { kind } of notices) this.#outcome.notices[kind] = (this.#outcome.notices[kind] ?? 0) + 1;
    for (const sight of lost) this.#settle(sight, this.#indexOf.get(sight.id) ?? 0);
  }

  /** As the status keeper does. */
  #settle(sight: Sight, hive: number): void {
    const nowMs = this.#monotonicMs;
    const was = sight.status ?? this.#status[hive] ?? "unknown";
    const verdict = this.#liveness.judge(sight, was, nowMs);
    sight.status = was;
    if (verdict.status === was) return;
    this.#status[hive] = verdict.status;
    if (verdict.status === "offline") {
      this.#liveness.unsure(sight, nowMs);
      this.#liveness.markedOffline(sight, was, verdict, nowMs);
      this.#judgeMark(hive);
    } else this.#liveness.changed(sight, was, verdict, nowMs);
  }

  #judgeMark(hive: number): void {
    const outcome = this.#outcome;
    const { staleAfterMs, healthIntervalMs } = this.#options.settings;
    outcome.marks += 1;
    if ((this.#fleet.lost[hive] ?? 0) > 0 && this.#isFound[hive] === 0) {
      this.#isFound[hive] = 1;
      const detections = this.#isMassLoss[hive] === 1 ? outcome.massDetectionMs : outcome.detectionMs;
      detections.push(this.#awakeMs - (this.#awakeAtLossMs[hive] ?? 0));
    }
    if ((this.#fleet.lost[hive] ?? 0) > 0) return;
    if (this.#fleet.wasPartitioned(hive, this.#nowMs - staleAfterMs - 2 * healthIntervalMs))
      outcome.partitionMarks += 1;
    else outcome.falseMarks += 1;
  }

  /** A loss during which the queen was awake for long enough must have been found; one that is too young at the end of the day need not be. */
  #countIfMissed(hive: number): void {
    const awakeMs = this.#awakeMs - (this.#awakeAtLossMs[hive] ?? 0);
    if (this.#isFound[hive] === 0 && awakeMs >= LATEST_FIND_MS) this.#outcome.missedLosses += 1;
  }

  #countOpenLosses(): void {
    for (let hive = 0; hive < this.#fleet.size; hive += 1) {
      if ((this.#fleet.lost[hive] ?? 0) > 0) this.#countIfMissed(hive);
    }
  }
}
