import type { Day, HiveFault } from "./faults.ts";

/** The hives as they really are, whatever the queen thinks. */
export class TrueFleet {
  readonly ids: readonly string[];
  /** How many faults of each kind a hive has at the moment. */
  readonly lost: Uint8Array;
  readonly restarting: Uint8Array;
  readonly hostGone: Uint8Array;
  readonly partitioned: Uint8Array;
  readonly mute: Uint8Array;
  readonly deaf: Uint8Array;
  /** When nothing last kept its messages from the queen, though it was alive. */
  readonly partitionEndMs: Float64Array;
  readonly #changes: readonly { readonly atMs: number; readonly fault: HiveFault; readonly begins: boolean }[];
  readonly #day: Day;
  #position = 0;

  constructor(hives: number, day: Day) {
    this.ids = Array.from({ length: hives }, (_, hive) => `hive-${String(hive).padStart(5, "0")}`);
    this.lost = new Uint8Array(hives);
    this.restarting = new Uint8Array(hives);
    this.hostGone = Uint8Array.from({ length: hives }, (_, hive) => (hive % 2 === 0 ? (day.dead[hive] ?? 0) : 0));
    this.partitioned = new Uint8Array(hives);
    this.mute = new Uint8Array(hives);
    this.deaf = new Uint8Array(hives);
    this.partitionEndMs = new Float64Array(hives).fill(Number.NEGATIVE_INFINITY);
    this.#day = day;
    this.#changes = day.hiveFaults
      .flatMap((fault) => [
        { atMs: fault.fromMs, fault, begins: true },
        { atMs: fault.toMs, fault, begins: false },
      ])
      .sort((a, b) => a.atMs - b.atMs);
  }

  get size(): number {
    return this.ids.length;
  }

  isDown(hive: number): boolean {
    return (this.#day.dead[hive] ?? 0) + (this.lost[hive] ?? 0) + (this.restarting[hive] ?? 0) > 0;
  }

  /** Whether the hive sends beats at all. */
  beats(hive: number): boolean {
    return (this.#day.silent[hive] ?? 0) + (this.#day.dead[hive] ?? 0) === 0;
  }

  beatsGetThrough(hive: number): boolean {
    return (this.partitioned[hive] ?? 0) + (this.mute[hive] ?? 0) === 0;
  }

  answersProbes(hive: number): boolean {
    return !this.isDown(hive) && (this.partitioned[hive] ?? 0) + (this.deaf[hive] ?? 0) === 0;
  }

  /** Whether a probe that fails does so only at its deadline: nobody is there to refuse it. */
  letsProbesHang(hive: number): boolean {
    return (this.partitioned[hive] ?? 0) + (this.hostGone[hive] ?? 0) > 0;
  }

  /** Whether the hive was out of reach, alive or not, at some moment after `sinceMs`. One that is mute is, unless probes reach it. */
  wasPartitioned(hive: number, sinceMs: number): boolean {
    return this.#isOutOfReach(hive) || (this.partitionEndMs[hive] ?? 0) > sinceMs;
  }

  /** Lets everything happen that has until `nowMs`; tells of losses that begin and end, and of hives that come up. */
  advance(
    nowMs: number,
    tell: {
      lossBegins(hive: number, isMass: boolean): void;
      lossEnds(hive: number): void;
      up(hive: number): void;
    },
  ): void {
    for (;;) {
      const change = this.#changes[this.#position];
      if (change === undefined || change.atMs > nowMs) return;
      this.#position += 1;
      const { fault, begins, atMs } = change;
      const step = begins ? 1 : -1;
      for (const hive of fault.hives) {
        const wasOutOfReach = this.#isOutOfReach(hive);
        this.#counterOf(fault)[hive] = (this.#counterOf(fault)[hive] ?? 0) + step;
        if (fault.isHostGone && (fault.kind === "loss" || fault.kind === "restart")) {
          this.hostGone[hive] = (this.hostGone[hive] ?? 0) + step;
        }
        if (fault.kind === "loss" && this.lost[hive] === (begins ? 1 : 0)) {
          if (begins) tell.lossBegins(hive, fault.hives.length > 1);
          else tell.lossEnds(hive);
        }
        if (wasOutOfReach && !this.#isOutOfReach(hive)) this.partitionEndMs[hive] = atMs;
        if (!begins && !this.isDown(hive)) tell.up(hive);
      }
    }
  }

  #isOutOfReach(hive: number): boolean {
    const isProbed = this.#day.beatOnly[hive] === 0 && (this.deaf[hive] ?? 0) === 0;
    const isMute = (this.mute[hive] ?? 0) > 0 || !this.beats(hive);
    return (this.partitioned[hive] ?? 0) > 0 || (isMute && !isProbed);
  }

  #counterOf({ kind }: HiveFault): Uint8Array {
    if (kind === "loss") return this.lost;
    if (kind === "restart") return this.restarting;
    if (kind === "partition") return this.partitioned;
    return kind === "mute" ? this.mute : this.deaf;
  }
}
