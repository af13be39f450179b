import type { Logger } from "pino";
import type { Outcome } from "./queen-answer.ts";

export interface OutcomeLogOptions {
  /** Base URL of the queen. */
  queen: string;
  /** This hive as the queen can reach it: what an operator would add to the catalog. */
  hive: { id: string; host: string; port: number };
  /** Time between beats, and the longest wait while the queen is away. */
  intervalMs: number;
  log: Logger;
}

/** Says what becomes of the beats when that is other than before, and what to do about it. */
export class OutcomeLog {
  readonly #options: OutcomeLogOptions;
  #last: { state: Outcome["state"]; code?: string } | undefined;
  #askedSoonerInARow = 0;

  constructor(options: OutcomeLogOptions) {
    this.#options = options;
  }

  /** One more beat ended so. */
  add(outcome: Outcome): void {
    this.#logChange(outcome);
    this.#logTooSlow(outcome);
  }

  /** Once for each state, and for each reason of a refusal. */
  #logChange(outcome: Outcome): void {
    const { queen, hive, log } = this.#options;
    const { state, code } = { code: undefined, ...outcome };
    if (state === this.#last?.state && code === this.#last.code) return;
    const wasReached = this.#last?.state === "reached";
    this.#last = { state, ...(code !== undefined && { code }) };
    if (outcome.state === "reached") log.info({ queen }, "queen reached");
    else log.warn({ queen, reason: outcome.reason }, adviceOf(outcome.state, wasReached, hive));
  }

  /**
   * An interval that is much longer than the queen's counts as silence there, and only whoever set it can mend that. Once she may ask for a
   * beat sooner, to give the hive its turn among the others.
   */
  #logTooSlow(outcome: Outcome): void {
    const { queen, intervalMs, log } = this.#options;
    if (outcome.state !== "reached" || outcome.nextBeatMs === undefined) return;
    this.#askedSoonerInARow = outcome.nextBeatMs < intervalMs / 2 ? this.#askedSoonerInARow + 1 : 0;
    if (this.#askedSoonerInARow !== 2) return;
    log.warn(
      { queen, interval_ms: intervalMs, asked_ms: Math.round(outcome.nextBeatMs) },
      "the queen wants beats more often than HIVE_BEAT_INTERVAL_MS lets this hive send them: between two she may take it for dead",
    );
  }
}

function adviceOf(
  state: Exclude<Outcome["state"], "reached">,
  wasReached: boolean,
  { id, host, port }: OutcomeLogOptions["hive"],
): string {
  switch (state) {
    case "away":
      return wasReached ? "queen lost" : "queen not reached";
    case "unknown hive":
      return `this hive is not in the queen's catalog: add it with \`pnpm -s hivectl add ${id} --host ${host} --port ${port}\``;
    case "token needed": {
      const create = `pnpm queen token create --name ${id} --role hive --hive ${id} --out ${id}.token`;
      return `the queen wants a token of this hive: make one beside the queen with \`${create}\`, and set HIVE_TOKEN or HIVE_TOKEN_FILE`;
    }
    case "refused":
      return "queen refuses the heartbeat";
    case "https needed":
      return "the queen's port speaks HTTPS: HIVE_QUEEN begins with https://, and HIVE_QUEEN_CA names who signed her certificate, if it is none that Node knows";
    case "no queen":
      return "something else than a queen answers there: look at HIVE_QUEEN, and at what stands before the queen";
  }
}
