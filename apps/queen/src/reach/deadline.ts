import type { ClientRequest } from "node:http";

/** What runs under one deadline. An AbortController does the same at several times the cost, garbage included, and rounds probe thousands. */
export class Deadline {
  #request: ClientRequest | undefined;
  passed = false;
  /** Whether the name of the hive is being looked up. */
  isLookingUp = false;

  /** Ends `request` when the deadline passes; at once when it has. */
  covers(request: ClientRequest): void {
    this.#request = request;
    if (this.passed) this.pass();
  }

  readonly pass = (): void => {
    this.passed = true;
    this.#request?.destroy(new Error("the deadline has passed"));
  };
}
