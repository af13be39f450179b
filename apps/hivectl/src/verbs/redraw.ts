import { setTimeout } from "node:timers/promises";
import { mayPass } from "@repo/queen-client";
import { EXIT, sentencesOf } from "../failure.ts";
import type { Session } from "../session.ts";

const EVERY_MS = 2000;

/** A list anew every few seconds, in place of itself, until Ctrl-C. A queen who is away for a while does not end it. */
export async function redraw(session: Session, list: () => Promise<unknown>): Promise<number> {
  const { terminal, signal } = session;
  for (let isFirst = true; !signal.aborted; isFirst = false) {
    await terminal.clear();
    try {
      await list();
    } catch (error) {
      if (!signal.aborted && (isFirst || !mayPass(error))) throw error;
      if (!signal.aborted) for (const sentence of sentencesOf(error, session.caller)) terminal.complain(sentence);
    }
    await setTimeout(EVERY_MS, undefined, { signal }).catch(() => undefined);
  }
  return EXIT.done;
}
