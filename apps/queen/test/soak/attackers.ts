import type { FromAttacker } from "./attacker-child.ts";
import type { Victims } from "./attacks/attack.ts";
import { ATTACKS } from "./attacks/attacks.ts";
import type { Children } from "./children.ts";
import { Counted } from "./report.ts";

const PROGRAM = new URL("./attacker-child.ts", import.meta.url);
const PROCESSES = 2;
/** Far enough for the generators of all that one process does at once. */
const SEEDS_OF_PROCESS = 1000;

/** The processes that attack, and what came of it. */
export class Attackers {
  readonly counts: Record<string, { made: number; wrong: number }> = {};
  readonly #wrong = new Counted();

  constructor(children: Children, victims: Victims, seed: number) {
    for (const name of Object.keys(ATTACKS)) this.counts[name] = { made: 0, wrong: 0 };
    const onMessage = (message: unknown) => this.#note(message as FromAttacker);
    for (let n = 1; n <= PROCESSES; n++) {
      const args = [String(seed + n * SEEDS_OF_PROCESS), JSON.stringify(victims)];
      children.start("attackers", PROGRAM, { args, onMessage });
    }
  }

  /** Whether each attack was made at least once. */
  get haveTriedAll(): boolean {
    return Object.values(this.counts).every(({ made }) => made > 0);
  }

  /** What was not as it should be, each once. */
  problems(): string[] {
    return this.#wrong.sentences;
  }

  #note({ attack, wrong }: FromAttacker): void {
    const count = this.counts[attack];
    if (count === undefined) return;
    count.made += 1;
    count.wrong += wrong.length;
    for (const what of wrong) this.#wrong.add(`${attack}: ${what}`);
  }
}
