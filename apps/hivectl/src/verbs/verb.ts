import type { Command } from "commander";
import type { CommonFlags, Session } from "../session.ts";

export interface Call<Flags> {
  readonly args: readonly string[];
  readonly flags: Flags & CommonFlags;
}

/** Does what the verb says; returns the exit code where that is not 0. */
type Work<Flags = object> = (session: Session, call: Call<Flags>) => Promise<number> | Promise<void>;

/** Makes of it what commander calls. */
export type Does = <Flags>(work: Work<Flags>) => (...given: unknown[]) => Promise<void>;

/** Adds a verb, or several, to the command line. */
export type AddVerb = (parent: Command, does: Does) => void;
