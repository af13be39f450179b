import { mayPass } from "@repo/queen-client";
import { Interrupted } from "../failure.ts";
import type { Session } from "../session.ts";

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
