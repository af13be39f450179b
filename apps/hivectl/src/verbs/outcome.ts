import { mayPass, QueenNoAnswer, QueenProblem } from "@repo/queen-client";
import { NotConnected } from "../access/node-fetch.ts";
import { EXIT, Interrupted, sentencesOf } from "../failure.ts";
import type { Session } from "../session.ts";

export const OUTCOME_UNKNOWN = "CATALOG_OUTCOME_UNKNOWN";
export const LOOK_FIRST = "of what is not known, look whether it was done before doing it again";

/** Where Ctrl-C ends this, or a queen who no longer answers, it says that nothing was done yet. */
export async function beforeAnything<T>({ signal, terminal }: Session, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Interrupted || signal.aborted) terminal.complain("interrupted: nothing was done");
    else if (mayPass(error)) terminal.complain("nothing was done");
    throw error;
  }
}

/** Of so many, when so many went well. */
export const exitCodeOf = (all: number, done: number): number =>
  done === all ? EXIT.done : done === 0 ? EXIT.failed : EXIT.someFailed;

/** Whether the queen may have done what was asked, though nothing says so. */
export function isOutcomeUnknown(error: unknown): boolean {
  if (error instanceof QueenProblem) return error.code === OUTCOME_UNKNOWN;
  return error instanceof Interrupted || (error instanceof QueenNoAnswer && !reachedNoQueen(error));
}

/** Nobody was there, or what stands before the queen turned it away or leads elsewhere (HTTP 3xx and 4xx): she was asked nothing. */
function reachedNoQueen(error: QueenNoAnswer): boolean {
  const { cause, status = 0 } = error;
  return cause instanceof NotConnected || (status >= 300 && status < 500);
}

/** Why what was asked for many things ended before its end. */
export function whyEnded(error: unknown): string {
  if (error instanceof Interrupted) return "interrupted";
  if (error instanceof QueenProblem) return "refused";
  if (!(error instanceof QueenNoAnswer) || reachedNoQueen(error)) return "no queen was reached";
  return error.reason === "timed_out" ? "no answer came in time" : "the answer broke off";
}

/** Ends the report of many things by an error. The exit code, where some were done: else it is that of the error. */
export async function endByError(
  { signal, terminal, caller }: Session,
  report: { end(error: unknown): Promise<number> },
  error: unknown,
): Promise<number> {
  const exitCode = await report.end(error);
  if (signal.aborted || exitCode !== EXIT.someFailed) throw error;
  for (const sentence of sentencesOf(error, caller)) terminal.complain(sentence);
  return exitCode;
}

/** What one change is answered with. Where it is not known whether it was done, that is said; of a refusal its code says so. */
export async function answerOf<T>({ terminal }: Session, change: string, asked: Promise<T>): Promise<T> {
  try {
    return await asked;
  } catch (error) {
    if (!(error instanceof QueenProblem) && isOutcomeUnknown(error)) {
      terminal.complain(`whether ${change} is not known: look before doing it again`);
    }
    throw error;
  }
}
