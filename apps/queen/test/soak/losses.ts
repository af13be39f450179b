import { performance } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";
import type { Random } from "../../sim/random.ts";
import type { HonestFleet } from "./honest-fleet.ts";

/** docs/liveness.md: a hive that is lost alone is found within 66 s in nine cases of ten, with a stale age of 60 s. */
const USUAL_SHARE = 1.1;
/** Of all hives, so that no loss is part of a mass failure. */
const MAX_LOST_SHARE = 0.1;

interface Options {
  fleet: Pick<HonestFleet, "hives" | "die" | "revive">;
  staleAfterMs: number;
  random: Random;
}

type Waiting = { status: string; seen: () => void };

/** Takes hives away and gives them back, at random, and judges by what the queen says of them. */
export class Losses {
  readonly foundMs: number[] = [];
  readonly problems: string[] = [];
  falseMarks = 0;
  readonly limitMs: number;
  readonly #options: Options;
  readonly #ids: readonly string[];
  readonly #waiting = new Map<string, Waiting>();
  /** Those that are away, or come back. */
  readonly #lost = new Set<string>();
  readonly #statuses = new Map<string, string>();
  #begun = 0;

  constructor(options: Options) {
    this.#options = options;
    this.#ids = options.fleet.hives.map(({ id }) => id);
    this.limitMs = 2 * USUAL_SHARE * options.staleAfterMs;
  }

  get begun(): number {
    return this.#begun;
  }

  /** What the queen says of a hive. Those that are not of this fleet count for nothing. */
  told(id: string, status: string): void {
    if (!this.#ids.includes(id)) return;
    this.#statuses.set(id, status);
    const waiting = this.#waiting.get(id);
    if (waiting?.status === status) waiting.seen();
    if (status !== "offline" || this.#lost.has(id)) return;
    this.falseMarks += 1;
    this.problems.push(`${id} was marked offline while it was alive`);
  }

  /** Goes on until it is over, and then until each loss has been found and mended, or was missed. */
  async run(isOver: () => boolean): Promise<void> {
    const { staleAfterMs, random } = this.#options;
    const ids = this.#ids;
    const underWay = new Set<Promise<void>>();
    const most = Math.max(1, Math.floor(ids.length * MAX_LOST_SHARE));
    while (!isOver()) {
      await delay(random.between(0, staleAfterMs / 4));
      if (isOver() || this.#lost.size >= most) continue;
      const id = ids[random.integer(ids.length)];
      if (id === undefined || this.#lost.has(id) || this.#statuses.get(id) !== "online") continue;
      const loss = this.#lose(id, random.between(0, staleAfterMs / 2)).finally(() => underWay.delete(loss));
      underWay.add(loss);
    }
    await Promise.all(underWay);
  }

  async #lose(id: string, awayMs: number): Promise<void> {
    const { fleet, staleAfterMs } = this.#options;
    this.#begun += 1;
    this.#lost.add(id);
    const lostAtMs = performance.now();
    fleet.die(id);
    const seen = await this.#wait(id, "offline", this.limitMs);
    if (seen) this.foundMs.push(performance.now() - lostAtMs);
    else this.problems.push(`the loss of ${id} was not found within ${Math.round(this.limitMs / 1000)} s`);
    await delay(awayMs);
    const isBack = this.#wait(id, "online", staleAfterMs);
    fleet.revive(id);
    if (!(await isBack) && seen) this.problems.push(`${id} came back, and was not said to be online`);
    this.#lost.delete(id);
  }

  /** Answers whether the queen says so in time. */
  async #wait(id: string, status: string, limitMs: number): Promise<boolean> {
    const ended = new AbortController();
    const told = new Promise<true>((resolve) => {
      this.#waiting.set(id, { status, seen: () => resolve(true) });
    });
    const late = delay(limitMs, false as const, { signal: ended.signal }).catch(() => false as const);
    const isTold = await Promise.race([told, late]);
    ended.abort();
    this.#waiting.delete(id);
    return isTold;
  }
}
