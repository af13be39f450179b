import * as z from "zod";
import type { QueenAnswer } from "./queen-client.ts";

/** What became of one beat. */
export type Outcome =
  /** `nextBeatMs` is what the queen asks for. */
  | { state: "reached"; nextBeatMs: number | undefined }
  | { state: "away"; reason: string }
  | {
      state: "unknown hive" | "token needed" | "refused" | "no queen" | "https needed";
      reason: string;
      /** Tells apart what is refused for different reasons. */
      code: string;
      /** As the queen says it: how long something else in her place wants to be left alone says nothing of when she is back. */
      retryAfterMs: number | undefined;
    };

const MAX_SHOWN = 500;
/** What the queen says to whoever left the s out of https://. */
const SPEAKS_HTTPS = /^This port speaks HTTPS\b/;

const Accepted = z.object({
  status: z.literal("ok"),
  message: z.string().startsWith("Heartbeat received"),
  next_beat_ms: z.number().optional().catch(undefined),
});
const Problem = z.object({ code: z.string().regex(/^[A-Z][A-Z0-9_]*$/), detail: z.string() });

const STATES: Record<string, "unknown hive" | "token needed"> = {
  HIVE_NOT_FOUND: "unknown hive",
  UNAUTHENTICATED: "token needed",
};

/** A status alone says nothing of who answered: a login page has 200, and any web server 404. Only the queen's own words count. */
export function outcomeOf({ status, text, retryAfterMs, location }: QueenAnswer): Outcome {
  const json = parse(text);
  if (status >= 200 && status < 300) {
    const accepted = Accepted.safeParse(json);
    if (accepted.success) return { state: "reached", nextBeatMs: accepted.data.next_beat_ms };
  }
  const problem = status >= 400 ? Problem.safeParse(json) : undefined;
  if (!problem?.success) {
    const state = SPEAKS_HTTPS.test(text) ? "https needed" : "no queen";
    // Behind a question mark there may be what is for no log.
    const said = location === undefined ? text : `it leads to ${location.split(/[?#]/, 1)[0]}`;
    const reason = `it answers ${status}: ${said.slice(0, MAX_SHOWN)}`;
    return { state, reason, code: String(status), retryAfterMs: undefined };
  }
  const { code, detail } = problem.data;
  const reason = `it answers ${status} ${code}: ${detail.slice(0, MAX_SHOWN)}`;
  return { state: STATES[code] ?? "refused", reason, code, retryAfterMs };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
