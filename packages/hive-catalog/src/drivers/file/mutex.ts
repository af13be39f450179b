/** First come, first served: at most one holder at a time. */
export class Mutex {
  #isHeld = false;
  readonly #waiting: (() => void)[] = [];

  /** Takes a mutex that nobody holds without a wait; otherwise resolves when all earlier holders have released it. Whoever takes it has to release it. */
  take(): Promise<void> | undefined {
    if (this.#isHeld) return new Promise((resolve) => this.#waiting.push(resolve));
    this.#isHeld = true;
    return undefined;
  }

  release(): void {
    const handOver = this.#waiting.shift();
    if (handOver) handOver();
    else this.#isHeld = false;
  }
}
