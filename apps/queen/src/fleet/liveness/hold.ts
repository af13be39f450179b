/** Why no hive is marked offline for now. */
type HoldCause = "mass_failure" | "network_lost";

/** How a hold ended. */
export type HoldEnd = "returned" | "confirmed" | "timed_out";

export interface Held {
  readonly cause: HoldCause;
  readonly sinceMs: number;
  /** At the latest. */
  readonly untilMs: number;
}

export interface HoldSettings {
  readonly staleAfterMs: number;
  readonly healthIntervalMs: number;
  /** More than this share of the online hives is a mass failure; 1 switches the hold off. */
  readonly massFailureShare: number;
  /** And at least so many. */
  readonly massFailureMin: number;
  readonly massFailureHoldMs: number;
}

/** What was seen of the whole fleet in one sweep. */
export interface Census {
  readonly online: number;
  /** Those of them that are on the way to be marked offline. */
  readonly missing: number;
  /** Not one sign of life came from anywhere. */
  readonly networkLost: boolean;
}

/** Failures that follow each other closely: however often they come and go, marks are held back for no longer than once. */
interface Incident {
  untilMs: number;
  lastMs: number;
}

/**
 * Holds marks back while so many hives go missing at once that the queen herself, or the network, is the likelier cause. It ends
 * when they return, when an operator confirms that they are gone, or after a set time.
 */
export class Hold {
  readonly #settings: HoldSettings;
  /** After so long without trouble, the next trouble is another incident: long enough to find what is really lost. */
  readonly #calmMs: number;
  #markedAtMs: number[] = [];
  #incident: Incident | undefined;
  #held: Held | undefined;

  constructor(settings: HoldSettings) {
    this.#settings = settings;
    this.#calmMs = settings.staleAfterMs + 2 * settings.healthIntervalMs;
  }

  get held(): Held | undefined {
    return this.#held;
  }

  /** Whether the incident, if there is one, has not used up its time. */
  isOpen(nowMs: number): boolean {
    return this.#incident === undefined || nowMs < this.#incident.untilMs || this.#isOver(this.#incident, nowMs);
  }

  /** Counts a hive that was marked offline. */
  marked(nowMs: number): void {
    this.#markedAtMs.push(nowMs);
  }

  /** Begins or ends the hold; returns how it ended if it did. */
  assess(census: Census, nowMs: number): HoldEnd | undefined {
    const cause = this.#causeIn(census, nowMs);
    if (cause === undefined) return this.#end("returned");
    const incident = this.#incidentAt(nowMs);
    incident.lastMs = nowMs;
    if (nowMs >= incident.untilMs) return this.#end("timed_out");
    if (this.#held?.cause !== cause)
      this.#held = { cause, sinceMs: this.#held?.sinceMs ?? nowMs, untilMs: incident.untilMs };
    return undefined;
  }

  /** An operator says that the hives are gone; what goes missing in the same incident is marked too. False when nothing is held. */
  confirm(nowMs: number): boolean {
    if (this.#held === undefined || this.#incident === undefined) return false;
    this.#incident.untilMs = nowMs;
    this.#end("confirmed");
    return true;
  }

  /** The network is back. */
  release(): void {
    if (this.#held?.cause === "network_lost") this.#end("returned");
  }

  #causeIn({ online, missing, networkLost }: Census, nowMs: number): HoldCause | undefined {
    if (networkLost) return "network_lost";
    const { staleAfterMs, massFailureShare, massFailureMin } = this.#settings;
    this.#markedAtMs = this.#markedAtMs.filter((atMs) => nowMs - atMs < staleAfterMs);
    const gone = missing + this.#markedAtMs.length;
    const isMass = gone >= massFailureMin && gone > massFailureShare * (online + this.#markedAtMs.length);
    return missing > 0 && isMass ? "mass_failure" : undefined;
  }

  #incidentAt(nowMs: number): Incident {
    if (this.#incident === undefined || this.#isOver(this.#incident, nowMs)) {
      this.#incident = { untilMs: nowMs + this.#settings.massFailureHoldMs, lastMs: nowMs };
    }
    return this.#incident;
  }

  #isOver({ lastMs }: Incident, nowMs: number): boolean {
    return nowMs - lastMs > this.#calmMs;
  }

  #end(how: HoldEnd): HoldEnd | undefined {
    if (this.#held === undefined) return undefined;
    this.#held = undefined;
    // Those that are marked now, or were, are known: they make no new mass failure.
    if (how !== "returned") this.#markedAtMs = [];
    return how;
  }
}
