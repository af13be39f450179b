import type { Random } from "../../../sim/random.ts";

/** What attackers know: where the queens are, and the tokens that fell into their hands. */
export interface Victims {
  lockedPort: number;
  /** Of the queen whom nobody needs a token for, over TLS. */
  openPort: number;
  /** The file of the locked queen's catalog. */
  database: string;
  /** Hives of the catalog, each with its token. */
  attackers: { id: string; token: string }[];
  /** Hives of the catalog on hosts that answer too much, and on such that answer odd characters. */
  hostile: string[];
  odd: string[];
  /** Hives whose sshd says nothing: such that are operated, and such that are asked for their keys. */
  silent: string[];
  scanned: string[];
  readers: string[];
  operators: string[];
  /** The token of an operator who does no harm, and must not come to any. */
  bystander: string;
}

export interface AttackContext {
  victims: Victims;
  random: Random;
}

/** Attacks once, and resolves to what was not as the row of the table says that it is right. */
export type Attack = (context: AttackContext) => Promise<string[]>;

/** One of these, at random. */
export const anyOf =
  (...attacks: readonly Attack[]): Attack =>
  (context) =>
    pick(context.random, attacks)(context);

export function pick<T>(random: Random, choices: readonly T[]): T {
  const chosen = choices[random.integer(choices.length)];
  if (chosen === undefined) throw new Error("there is nothing to choose from");
  return chosen;
}
