import { setTimeout as wait } from "node:timers/promises";
import type { Logger } from "pino";
import { type QueenAnswer, QueenClient } from "./queen-client.ts";

export interface HeartbeatOptions {
  /** Base URL of the queen. */
  queen: string;
  /** This hive's own; undefined where the queen asks for none. */
  token?: string | undefined;
  /** In PEM: who signed the queen's certificate, if it is none that Node knows. */
  ca?: string | undefined;
  /** This hive as the queen can reach it: what an operator would add to the catalog. */
  hive: { id: string; host: string; port: number };
  /** Time between beats, and the longest wait while the queen is away. */
  intervalMs: number;
  log: Logger;
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

/** What became of one beat. `state` is what the log tells apart. */
type Outcome =
  | { state: "reached"; nextBeatMs: number | undefined }
  | { state: "away" | "unknown hive" | "token needed" | "refused"; reason: string };

const BACKOFF_BASE_MS = 1_000;

/** Full jitter: anything from 0 to a bound that doubles with each failure up to `capMs`. */
export function backoffMs(failures: number, capMs: number, random: () => number): number {
  return random() * Math.min(capMs, BACKOFF_BASE_MS * 2 ** (failures - 1));
}

/** The wait that the queen asks for, within half and twice the agent's own interval; undefined when she asks for none. */
export function nextBeatMs(answer: string, intervalMs: number): number | undefined {
  try {
    const json: unknown = JSON.parse(answer);
    const asked = typeof json === "object" && json !== null && "next_beat_ms" in json ? json.next_beat_ms : undefined;
    if (typeof asked !== "number" || Number.isNaN(asked)) return undefined;
    return Math.min(Math.max(asked, intervalMs / 2), intervalMs * 2);
  } catch {
    return undefined;
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { message } = error.cause instanceof Error ? error.cause : error;
  return message || String(Reflect.get(error, "code"));
}

/** By status; what is neither of these is "refused". */
const STATES: Record<number, Exclude<Outcome["state"], "reached">> = { 401: "token needed", 404: "unknown hive" };

function outcomeOf({ status, text }: QueenAnswer, intervalMs: number): Outcome {
  if (status >= 200 && status < 300) return { state: "reached", nextBeatMs: nextBeatMs(text, intervalMs) };
  return { state: STATES[status] ?? "refused", reason: `it answers ${status}: ${text.slice(0, 500)}` };
}

/** Sends a beat at once and then one every `intervalMs`, or when the queen asks for it; while the queen is away it waits with full-jitter back-off. */
export function startHeartbeats(options: HeartbeatOptions): Heartbeats {
  const { queen, hive, intervalMs, log, requestTimeoutMs = 10_000, now = Date.now, random = Math.random } = options;
  const client = new QueenClient(options);
  const stopping = new AbortController();
  let logged: Outcome["state"] | undefined;

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
      // The agent runs no workers itself.
      const beat = { hive_id: hive.id, timestamp: new Date(now()).toISOString(), workers: [] };
      return outcomeOf(await client.post("/v1/heartbeat", beat, request.signal), intervalMs);
    } catch (error) {
      return { state: "away", reason: reasonOf(error) };
    } finally {
      clearTimeout(timer);
      stopping.signal.removeEventListener("abort", cancel);
    }
  }

  function logChange(outcome: Outcome): void {
    if (outcome.state === logged) return;
    const before = logged;
    logged = outcome.state;
    if (outcome.state === "reached") log.info({ queen }, "queen reached");
    else if (outcome.state === "unknown hive") {
      const add = `curl -X POST ${queen}/v1/hives -H 'content-type: application/json' -d '${JSON.stringify(hive)}'`;
      log.warn({ queen }, `this hive is not in the queen's catalog: add it with ${add}`);
    } else if (outcome.state === "token needed") {
      const create = `pnpm queen token create --name ${hive.id} --role hive --hive ${hive.id}`;
      const advice = `make one beside the queen with \`${create}\`, and set HIVE_TOKEN or HIVE_TOKEN_FILE`;
      log.warn({ queen, reason: outcome.reason }, `the queen wants a token of this hive: ${advice}`);
    } else if (outcome.state === "refused") log.warn({ queen, reason: outcome.reason }, "queen refuses the heartbeat");
    else log.warn({ queen, reason: outcome.reason }, before === "reached" ? "queen lost" : "queen not reached");
  }

  async function run(): Promise<void> {
    let failures = 0;
    while (!stopping.signal.aborted) {
      const startedMs = performance.now();
      const outcome = await beat();
      if (stopping.signal.aborted) return;
      logChange(outcome);
      failures = outcome.state === "reached" ? 0 : failures + 1;
      const pauseMs =
        outcome.state === "reached"
          ? (outcome.nextBeatMs ?? intervalMs - (performance.now() - startedMs))
          : backoffMs(failures, intervalMs, random);
      await wait(Math.max(0, pauseMs), undefined, { signal: stopping.signal }).catch(() => {});
    }
  }

  const running = run();
  return {
    stop() {
      stopping.abort(new Error("the agent is stopping"));
      return running.finally(() => client.close());
    },
  };
}
