/** A place among those that are let in. */
export interface Slot {
  /** Whether it had to be waited for when it was taken. */
  readonly isAwaited: boolean;
  /** Resolves once it is there. */
  readonly come: Promise<void>;
  /** Gives it to the next one in the line, or leaves the line. To be called once. */
  free(): void;
}

/** Lets in so many at one time; the others wait in order. */
export class Slots {
  readonly #line = new Set<() => void>();
  #free: number;

  constructor(count: number) {
    this.#free = count;
  }

  take(): Slot {
    if (this.#free > 0) {
      this.#free -= 1;
      return { isAwaited: false, come: Promise.resolve(), free: () => this.#pass() };
    }
    let enter = () => {};
    const come = new Promise<void>((resolve) => {
      enter = resolve;
    });
    this.#line.add(enter);
    const leave = () => {
      if (!this.#line.delete(enter)) this.#pass();
    };
    return { isAwaited: true, come, free: leave };
  }

  #pass(): void {
    const [next] = this.#line;
    if (next === undefined) this.#free += 1;
    else if (this.#line.delete(next)) next();
  }
}
