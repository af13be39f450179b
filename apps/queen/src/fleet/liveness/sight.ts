import type { HiveStatus } from "@repo/hive-catalog";

/** What a health check showed of the hive: `refused` when the queen may not contact that host. */
type Finding = "answered" | "failed" | "refused";
/** `unresolved` when nobody said where that host is, and `unsent` when the queen could open no connection. */
export const PROBE_OUTCOMES = ["answered", "failed", "refused", "unresolved", "unsent"] as const;
export type ProbeOutcome = (typeof PROBE_OUTCOMES)[number];

/** Whether it shows something of the hive. */
export const isFinding = (outcome: ProbeOutcome): outcome is Finding =>
  outcome !== "unresolved" && outcome !== "unsent";

/** One health check; its times are monotonic. */
export interface ProbeResult {
  readonly outcome: ProbeOutcome;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  /** Why it failed. */
  readonly problem: string | undefined;
  /** Whether what answered said that it is this hive. */
  readonly saysId?: boolean;
  /** How the agent names its present start; undefined when it does not. */
  readonly agentStart?: string | undefined;
}

/** What the status of a hive should be, or became, by which rule, and why in a sentence. */
export interface Verdict {
  readonly status: HiveStatus;
  readonly rule: Rule;
  readonly why: string;
}

export interface Change extends Verdict {
  /** Monotonic. */
  readonly atMs: number;
  readonly was: HiveStatus;
}

/** Counts as offline for new work until `untilMs`, a monotonic time. */
export interface Probation {
  readonly untilMs: number;
  readonly backOffMs: number;
}

/** One for all hives: a list of its own for each takes a megabyte of ten thousand. */
const NOTHING: readonly never[] = [];

/**
 * What the queen remembers of a hive between two reads of the catalog. Times are monotonic unless they say otherwise; what is read, asked or written takes time, and
 * most of them tell whether what comes of it is still of use.
 */
export class Sight {
  readonly id: string;
  /** The how manyth hive it is: spreads the beats. */
  readonly ordinal: number;
  /** As it was last read or written; undefined while that is not sure: a beat that comes during a write of it has the record read. */
  status: HiveStatus | undefined;
  /** When the queen itself changed `status`: a record that was read before says nothing of it. */
  statusChangedAtMs = Number.NEGATIVE_INFINITY;
  /** An operator wrote the status, and the hive has shown no sign of life since: no beat of before undoes it. */
  setByOperator = false;
  /** When an operator last changed the status: no silence counts from before, nor does a probe that began before. */
  setAtMs = Number.NEGATIVE_INFINITY;
  /** `lastHeartbeatMs` of the record, by the wall clock; undefined when it was never read. Another one in the catalog is a beat that another queen took, and a mark that meets one has lost. */
  heartbeatMs: number | null | undefined;
  /** The last beat, whichever queen took it; undefined when there was none. A record that was read before says nothing of beats. */
  beatAtMs: number | undefined;
  /** How much earlier it may have come: one that another queen took is found when the catalog is read next, and so is the one after it. */
  beatLateMs = 0;
  /** When the record was read last: a beat that another queen took since is not known yet. */
  readAtMs = Number.NEGATIVE_INFINITY;
  /** When the last probe that was answered ended; undefined when there was none. */
  answeredAtMs: number | undefined;
  /** Where the probes go; "" until the record was read. What a probe of another address showed is of no use. */
  host = "";
  port = 0;
  /** What the last probe there showed that showed anything. */
  probe: Finding | "pending" = "pending";
  /** What answered there has said once that it is this hive: what does not is something else. */
  saysId = false;
  /** The last few probes, the newest last. */
  probes: readonly ProbeResult[] = NOTHING;
  /** Beginnings of the first and the last failed probe since the last sign of life: one alone may be lost by chance. */
  failedFromMs = Number.NEGATIVE_INFINITY;
  failedAtMs = Number.NEGATIVE_INFINITY;
  /** When the first of the probes that have failed in a row ended, whatever beats came meanwhile. */
  unreachableSinceMs: number | undefined;
  /** The record cannot be read, so its status is left alone. */
  damaged = false;
  /** The last round that had begun when the hive was met: one that is added while a round reads is not gone because that did not meet it. */
  round = 0;
  /** The last few changes of status, the newest last. */
  changes: readonly Change[] = NOTHING;
  probation: Probation | undefined;

  constructor(id: string, ordinal: number) {
    this.id = id;
    this.ordinal = ordinal;
  }
}

/** Of one that is not online, nobody asks whether its health checks fail as well. */
export const isUnreachable = ({ status, unreachableSinceMs }: Pick<Sight, "status" | "unreachableSinceMs">): boolean =>
  status === "online" && unreachableSinceMs !== undefined;

/** What can decide the status of a hive. */
export const RULES = [
  "beats_arrive",
  "answers_probes",
  "never_seen",
  "not_probed_yet",
  "set_by_operator",
  "grace",
  "one_failed_probe",
  "silent",
  "mass_failure",
  "network_lost",
  "another_program",
] as const;
export type Rule = (typeof RULES)[number];

/** Why the beats of a hive that is online by its health checks alone do not arrive, as far as it is known. */
export const NOT_BEATING = ["no_token", "token_unused", "not_known"] as const;
export type NotBeating = (typeof NOT_BEATING)[number];
export const WHY_NOT_BEATING: Readonly<Record<NotBeating, string>> = {
  no_token: "callers need a token, and none of this hive is in force",
  token_unused: "callers need a token, and it has not shown its own here",
  not_known: "the log of its agent says why",
};

/** The memory of the fleet, by id. */
export class Sights {
  readonly #byId = new Map<string, Sight>();
  #round = 0;
  #ordinal = 0;
  #isComplete = false;

  /** Whether a round has read the whole catalog: a hive that is new from then on was added meanwhile. */
  get isComplete(): boolean {
    return this.#isComplete;
  }

  get(id: string): Sight | undefined {
    return this.#byId.get(id);
  }

  values(): Iterable<Sight> {
    return this.#byId.values();
  }

  /** The memory of that hive, new if there is none. */
  see(id: string): Sight {
    let sight = this.#byId.get(id);
    if (sight === undefined) {
      sight = new Sight(id, this.#ordinal++);
      this.#byId.set(id, sight);
    }
    sight.round = this.#round;
    return sight;
  }

  /** Answers whether it was known. */
  forget(id: string): boolean {
    return this.#byId.delete(id);
  }

  beginRound(): void {
    this.#round += 1;
  }

  /** Ends a round that read the whole catalog, and returns the ids of the hives that were not in it. */
  endRound(): string[] {
    this.#isComplete = true;
    return [...this.#byId.values()].filter(({ round }) => round < this.#round).map(({ id }) => id);
  }
}

/**
 * Takes over the stored beat. One that changed in the catalog was taken by another queen: says whether it did. Only at the first sight is its
 * age a matter of wall clocks.
 */
export function learnBeat(
  sight: Sight,
  heartbeatMs: number | null,
  readAtMs: number,
  nowMs: number,
  wallNowMs: number,
): boolean {
  const readBeforeMs = sight.readAtMs;
  sight.readAtMs = readAtMs;
  if (heartbeatMs === sight.heartbeatMs) return false;
  const isOutdated = sight.beatAtMs !== undefined && sight.beatAtMs > readAtMs;
  if (isOutdated) return false;
  const isFirstSight = sight.heartbeatMs === undefined;
  sight.heartbeatMs = heartbeatMs;
  if (heartbeatMs === null) sight.beatAtMs = undefined;
  else if (isFirstSight) heard(sight, nowMs - Math.max(0, wallNowMs - heartbeatMs));
  else {
    heard(sight, nowMs, Math.min(nowMs - readBeforeMs, nowMs - (sight.beatAtMs ?? readBeforeMs)));
    sight.setByOperator = false;
    return true;
  }
  return false;
}

/** Notes a beat, which may have come so much earlier. */
export function heard(sight: Sight, atMs: number, lateMs = 0): void {
  sight.beatAtMs = atMs;
  sight.beatLateMs = lateMs;
}

export type Address = Pick<Sight, "host" | "port">;

export const isAt = (sight: Sight, { host, port }: Address): boolean => sight.host === host && sight.port === port;

/** What probes showed was of its former address. */
export function moveTo(sight: Sight, { host, port }: Address): void {
  sight.host = host;
  sight.port = port;
  sight.probe = "pending";
  sight.saysId = false;
  sight.answeredAtMs = undefined;
  sight.probes = NOTHING;
  sight.failedFromMs = Number.NEGATIVE_INFINITY;
  sight.unreachableSinceMs = undefined;
}
