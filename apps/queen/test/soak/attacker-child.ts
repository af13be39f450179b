/** Attacks at random, some at a time, as other machines would. Its arguments are a seed, and the victims as JSON. */
import { setPriority } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import { Random } from "../../sim/random.ts";
import { type AttackContext, pick, type Victims } from "./attacks/attack.ts";
import { ATTACKS } from "./attacks/attacks.ts";
import { LOW_PRIORITY, tellSoak } from "./children.ts";

/** One attack that has ended, and what was not as it should be. */
export interface FromAttacker {
  attack: string;
  wrong: string[];
}

const AT_ONCE = 4;
const MAX_PAUSE_MS = 1000;
const MAX_ATTACK_MS = 180_000;

const tell = tellSoak<FromAttacker & Record<string, string | string[]>>();
setPriority(LOW_PRIORITY);
const [, , seed = "1", victimsJson = "{}"] = process.argv;
const victims = JSON.parse(victimsJson) as Victims;
/** Each in turn first, so that none is left out of a short soak. */
const untried = Object.keys(ATTACKS);

for (let n = 0; n < AT_ONCE; n++) void attackOn(new Random(Number(seed) + n));

async function attackOn(random: Random): Promise<never> {
  for (;;) {
    const [first] = untried.splice(random.integer(untried.length), 1);
    const attack = first ?? pick(random, Object.keys(ATTACKS));
    tell({ attack, wrong: await attackOnce(attack, { random, victims }) });
    await delay(random.between(0, MAX_PAUSE_MS));
  }
}

async function attackOnce(name: string, context: AttackContext): Promise<string[]> {
  const ended = new AbortController();
  const late = delay(MAX_ATTACK_MS, ["it did not end"], { signal: ended.signal }).catch(() => []);
  try {
    return await Promise.race([ATTACKS[name]?.(context) ?? [], late]);
  } catch (error) {
    return [String(error)];
  } finally {
    ended.abort();
  }
}
