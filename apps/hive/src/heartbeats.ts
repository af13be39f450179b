import { setTimeout as wait } from "node:timers/promises";
import { OutcomeLog, type OutcomeLogOptions } from "./outcome-log.ts";
import { type Outcome, outcomeOf } from "./queen-answer.ts";
import { type QueenAddress, QueenClient } from "./queen-client.ts";
import { whyNoAnswer } from "./workers/ask.ts";

/** A part of what a beat says. */
export interface BeatSource {
  /** The newest that is known, at once: a beat waits for nothing. */
  latest(): object;
  /** Reads anew, for the beat that follows soon. */
  refresh?(): unknown;
  /** How long that takes, as far as it is known. */
  readonly tookMs?: number;
}

export interface HeartbeatOptions extends QueenAddress, OutcomeLogOptions {
  /** What else a beat says; of two with the same key the later one counts. */
  sources: readonly BeatSource[];
  /** How long a queen may take to answer. Default: 10,000. */
  requestTimeoutMs?: number;
  /** Wall clock, in milliseconds. Default: `Date.now`. */
  now?: () => number;
  /** In [0, 1); spreads the hives when a queen comes back. Default: `Math.random`. */
  random?: () => number;
}

export interface Heartbeats {
  /** Ends the beats; resolves when none is under way. */
  stop(): Promise<void>;
}

const BACKOFF_BASE_MS = 1_000;
/** A reading of many servers and GPUs takes so long. */
const READ_AHEAD_MS = 3_000;
/** One that took longer begins earlier by so much of that. */
const MARGIN = 1.5;
/** A longer wait is not believed: with a queen as she is set by default, beats are stale after it. */
const MAX_RETRY_AFTER_MS = 60_000;

/** Full jitter: anything from 0 to a bound that doubles with each failure up to `capMs`. */
export function backoffMs(failures: number, capMs: number, random: () => number): number {
  return random() * Math.min(capMs, BACKOFF_BASE_MS * 2 ** (failures - 1));
}

/** The wait that the queen asks for, within half and twice the agent's own interval. */
const boundedMs = (askedMs: number, intervalMs: number): number =>
  Math.min(Math.max(askedMs, intervalMs / 2), intervalMs * 2);

/** How long to wait for the next beat. One that was answered is followed by none sooner than usual, whatever the answer was. */
export function pauseMs(outcome: Outcome, { intervalMs, tookMs, failures, random }: Pace): number {
  if (outcome.state === "away") return backoffMs(failures, intervalMs, random);
  if (outcome.state !== "reached") {
    return Math.max(intervalMs - tookMs, Math.min(outcome.retryAfterMs ?? 0, MAX_RETRY_AFTER_MS));
  }
  const { nextBeatMs } = outcome;
  return nextBeatMs === undefined ? intervalMs - tookMs : boundedMs(nextBeatMs, intervalMs);
}

interface Pace {
  intervalMs: number;
  /** What of the interval is over. */
  tookMs: number;
  /** In a row, this one included. */
  failures: number;
  /** In [0, 1). */
  random: () => number;
}

/** How long before a beat all is read for it. A beat does not wait for what takes longer, and nothing that it tells is older than half of the time until it. */
export function readAheadMs(sources: readonly Pick<BeatSource, "tookMs">[], forMs: number): number {
  const neededMs = sources.map(({ tookMs = 0 }) => tookMs * MARGIN);
  return Math.min(Math.max(READ_AHEAD_MS, ...neededMs), forMs / 2);
}

/** As Node says that nobody whom it trusts signed a certificate. */
const OF_UNKNOWN_SIGNER = /SELF_SIGNED|^UNABLE_TO_(GET_ISSUER|VERIFY_LEAF)/;

/** Of a certificate that comes alone: nobody can tell whether its authority signed it, or another between the two. */
const WITHOUT_CHAIN = "UNABLE_TO_VERIFY_LEAF_SIGNATURE";

/** What is wrong with a certificate whoever signed it. */
const NEXT_OF_CERTIFICATES: Record<string, string> = {
  CERT_HAS_EXPIRED: "renew it where the queen runs, unless the clock of this host is wrong",
  CERT_NOT_YET_VALID: "look at the clocks of this host and of the queen's",
  ERR_TLS_CERT_ALTNAME_INVALID: "HIVE_QUEEN has to name the queen as her certificate does",
};

function whyNotReached(error: unknown): string {
  const why = whyNoAnswer(error);
  const code = error instanceof Error ? String(Reflect.get(error, "code")) : "";
  const ofCertificate = NEXT_OF_CERTIFICATES[code];
  if (ofCertificate !== undefined) return `${why}: ${ofCertificate}`;
  if (!OF_UNKNOWN_SIGNER.test(code)) return why;
  const next = `${why}: HIVE_QUEEN_CA names the file with the certificate of its authority`;
  return code === WITHOUT_CHAIN
    ? `${next}; where it does, QUEEN_TLS_CERT lacks the certificates between the two`
    : next;
}

/** The body of a heartbeat. */
export function beatOf(hiveId: string, sources: readonly BeatSource[], nowMs: number): object {
  const parts = sources.map((source) => source.latest());
  return Object.assign({ hive_id: hiveId, timestamp: new Date(nowMs).toISOString(), workers: [] }, ...parts);
}

/** Sends a beat at once and then one every `intervalMs`, or when the queen asks for it; while the queen is away it waits with full-jitter back-off. */
export function startHeartbeats(options: HeartbeatOptions): Heartbeats {
  const { hive, sources, intervalMs } = options;
  const { requestTimeoutMs = 10_000, now = Date.now, random = Math.random } = options;
  const client = new QueenClient(options);
  const stopping = new AbortController();
  const outcomes = new OutcomeLog(options);

  /** One beat with a deadline. Never rejects. */
  async function beat(): Promise<Outcome> {
    const request = new AbortController();
    const cancel = () => request.abort(stopping.signal.reason);
    const timer = setTimeout(
      () => request.abort(new Error(`it does not answer within ${requestTimeoutMs} ms`)),
      requestTimeoutMs,
    );
    stopping.signal.addEventListener("abort", cancel, { once: true });
    try {
      return outcomeOf(await client.post("/v1/heartbeat", beatOf(hive.id, sources, now()), request.signal));
    } catch (error) {
      return { state: "away", reason: whyNotReached(error) };
    } finally {
      clearTimeout(timer);
      stopping.signal.removeEventListener("abort", cancel);
    }
  }

  async function run(): Promise<void> {
    let failures = 0;
    while (!stopping.signal.aborted) {
      const startedMs = performance.now();
      const outcome = await beat();
      if (stopping.signal.aborted) return;
      outcomes.add(outcome);
      // While all is well its files are left alone: the disk that they are on may be away, and would stop the agent.
      if (outcome.state !== "reached") client.renewAccess();
      failures = outcome.state === "away" ? failures + 1 : 0;
      const tookMs = performance.now() - startedMs;
      await rest(Math.max(0, pauseMs(outcome, { intervalMs, tookMs, failures, random })));
    }
  }

  /** Until the next beat. What that will tell is read shortly before it, so that it is seconds old and not a whole interval. */
  async function rest(forMs: number): Promise<void> {
    const aheadMs = readAheadMs(sources, forMs);
    const sleep = (ms: number) => wait(ms, undefined, { signal: stopping.signal }).catch(() => {});
    await sleep(forMs - aheadMs);
    if (stopping.signal.aborted) return;
    for (const source of sources) source.refresh?.();
    await sleep(aheadMs);
  }

  const running = run();
  return {
    stop() {
      stopping.abort(new Error("the agent is stopping"));
      return running.finally(() => client.close());
    },
  };
}
