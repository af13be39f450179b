import type { LivenessRules, LivenessSettings } from "../src/fleet/liveness/liveness.ts";
import { SimulatedCatalog } from "./catalog.ts";
import { type Day, LATEST_FIND_MS } from "./faults.ts";
import { TrueFleet } from "./fleet.ts";
import { SimulatedQueen } from "./queen.ts";
import { Random } from "./random.ts";
import { BeatWheel } from "./wheel.ts";

const STEP_MS = 250;
const BEAT_MS = 15_000;
const BACK_OFF_MS = 1000;
/** As the hive agent. */
const REQUEST_TIMEOUT_MS = 10_000;
const LOST_BEATS = 0.001;
const LOST_PROBES = 0.0002;
const WALL_START_MS = 1_761_040_800_000;
const LONG_AGO_MS = WALL_START_MS - 30 * 24 * 3_600_000;

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

/** Lets queens with these rules live through the day: the first takes the beats; what befalls a queen befalls the last one. */
export class Simulation {
  readonly #options: Options;
  readonly #fleet: TrueFleet;
  readonly #wheel: BeatWheel;
  readonly #random: Random;
  readonly #catalog: SimulatedCatalog;
  readonly #queens: readonly SimulatedQueen[];
  readonly #failures: Uint8Array;
  readonly #isWaiting: Uint8Array;
  readonly #isFound: Uint8Array;
  readonly #isMassLoss: Uint8Array;
  /** How long a queen had been awake when the hive was lost: none can find what happens in her sleep. */
  readonly #awakeAtLossMs: Float64Array;
  readonly #outcome: Outcome;
  #nowMs = 0;
  #awakeMs = 0;
  #wallOffsetMs = WALL_START_MS;

  constructor(options: Options) {
    const { hives, day, seed } = options;
    this.#options = options;
    this.#fleet = new TrueFleet(hives, day);
    this.#wheel = new BeatWheel(hives, STEP_MS, 60_000);
    this.#random = new Random(seed + 1_000_000);
    this.#catalog = this.#newCatalog();
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
    this.#queens = Array.from({ length: day.queens }, () => this.#newQueen());
    for (let hive = 0; hive < hives; hive += 1) {
      const waitMs = this.#random.next() * BEAT_MS;
      if (this.#fleet.beats(hive)) this.#wheel.add(hive, 0, waitMs);
    }
  }

  run(): Outcome {
    const { day, onProgress } = this.#options;
    const queenFaults = [...day.queenFaults].sort((a, b) => a.fromMs - b.fromMs);
    const jumps = [...day.clockJumps].sort((a, b) => a.atMs - b.atMs);
    const [first] = this.#queens;
    const struck = this.#queens.at(-1);
    for (; this.#nowMs < day.durationMs; this.#nowMs += STEP_MS) {
      const nowMs = this.#nowMs;
      if (nowMs % 600_000 === 0) onProgress(nowMs / day.durationMs);
      for (let jump = jumps[0]; jump !== undefined && jump.atMs <= nowMs; jump = jumps[0]) {
        this.#wallOffsetMs += jump.byMs;
        jumps.shift();
      }
      this.#fleet.advance(nowMs, this.#witness);
      for (const queen of this.#queens) queen.setTime(nowMs);
      const fault = queenFaults[0];
      if (fault !== undefined && fault.fromMs <= nowMs && struck?.isAway === false) {
        queenFaults.shift();
        struck.goAway(fault.toMs, fault.kind);
      }
      this.#wheel.take(nowMs, first?.isAway ? this.#beatInVain : this.#beat);
      const awake = this.#queens.filter(({ isAway }) => !isAway);
      if (awake.length > 0) this.#awakeMs += STEP_MS;
      for (const queen of awake) queen.advance();
    }
    this.#countOpenLosses();
    this.#outcome.detectionMs.sort((a, b) => a - b);
    this.#outcome.massDetectionMs.sort((a, b) => a - b);
    return this.#outcome;
  }

  #newCatalog(): SimulatedCatalog {
    const { hives, day } = this.#options;
    const catalog = new SimulatedCatalog(hives, WALL_START_MS);
    for (let hive = 0; hive < hives; hive += 1) {
      if (day.silent[hive] === 1) catalog.beatMs[hive] = Number.NaN;
      if (day.dead[hive] !== 1) continue;
      catalog.status[hive] = "offline";
      catalog.beatMs[hive] = LONG_AGO_MS;
    }
    return catalog;
  }

  #newQueen(): SimulatedQueen {
    const { day, settings, rules } = this.#options;
    return new SimulatedQueen({
      ...{ ids: this.#fleet.ids, day, settings, rules, catalog: this.#catalog },
      wallMs: () => this.#nowMs + this.#wallOffsetMs,
      probe: (hive) => {
        this.#outcome.probes += 1;
        if (this.#fleet.answersProbes(hive)) return this.#random.next() < LOST_PROBES ? "failed" : "answered";
        return this.#fleet.letsProbesHang(hive) ? "hangs" : "failed";
      },
      marked: (hive) => this.#judgeMark(hive),
      noticed: (kind) => {
        this.#outcome.notices[kind] = (this.#outcome.notices[kind] ?? 0) + 1;
      },
    });
  }

  readonly #witness = {
    lossBegins: (hive: number, isMass: boolean) => {
      this.#awakeAtLossMs[hive] = this.#awakeMs;
      this.#isMassLoss[hive] = isMass ? 1 : 0;
      this.#isFound[hive] = this.#catalog.status[hive] === "offline" ? 1 : 0;
      this.#outcome.losses += 1;
    },
    lossEnds: (hive: number) => this.#countIfMissed(hive),
    /** An agent that starts beats at once. */
    up: (hive: number) => {
      if (this.#isWaiting[hive] === 1 || !this.#fleet.beats(hive)) return;
      this.#failures[hive] = 0;
      this.#schedule(hive, 0);
    },
  };

  readonly #beat = (hive: number): void => {
    this.#isWaiting[hive] = 0;
    const [queen] = this.#queens;
    if (queen === undefined || this.#fleet.isDown(hive)) return;
    const isLost = !this.#fleet.beatsGetThrough(hive) || this.#random.next() < LOST_BEATS;
    if (isLost) {
      this.#beatInVain(hive);
      return;
    }
    this.#failures[hive] = 0;
    this.#outcome.beats += 1;
    const askedMs = queen.beat(hive);
    this.#schedule(hive, this.#options.day.stubborn[hive] === 1 ? BEAT_MS : askedMs);
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

  #judgeMark(hive: number): void {
    const outcome = this.#outcome;
    const { staleAfterMs, healthIntervalMs } = this.#options.settings;
    outcome.marks += 1;
    const isLost = (this.#fleet.lost[hive] ?? 0) > 0;
    if (isLost && this.#isFound[hive] === 0) {
      this.#isFound[hive] = 1;
      const detections = this.#isMassLoss[hive] === 1 ? outcome.massDetectionMs : outcome.detectionMs;
      detections.push(this.#awakeMs - (this.#awakeAtLossMs[hive] ?? 0));
    }
    if (isLost) return;
    if (this.#fleet.wasPartitioned(hive, this.#nowMs - staleAfterMs - 2 * healthIntervalMs))
      outcome.partitionMarks += 1;
    else outcome.falseMarks += 1;
  }

  /** A loss during which a queen was awake for long enough must have been found; one that is too young at the end of the day need not be. */
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
