interface Limits {
  readonly each: number;
  readonly inAll: number;
}

/** Something bounded that callers hold for a while: so much each, and so much in all. */
export class Shares {
  readonly #limits: Limits;
  readonly #held = new Map<string, number>();
  #heldInAll = 0;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  /** Whether it could be had. What is larger than a whole share is given to whoever holds nothing else. */
  take(key: string, amount: number): boolean {
    const { each, inAll } = this.#limits;
    const held = this.#held.get(key) ?? 0;
    if (held > 0 && held + amount > each) return false;
    if (this.#heldInAll > 0 && this.#heldInAll + amount > inAll) return false;
    this.#held.set(key, held + amount);
    this.#heldInAll += amount;
    return true;
  }

  giveBack(key: string, amount: number): void {
    const left = (this.#held.get(key) ?? 0) - amount;
    if (left > 0) this.#held.set(key, left);
    else this.#held.delete(key);
    this.#heldInAll -= amount;
  }
}
