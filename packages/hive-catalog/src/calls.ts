import { toCatalogError } from "./drivers/errors.ts";
import { LoopBudget, turnOfTheLoop } from "./drivers/file/mutex.ts";
import { withDeadline } from "./drivers/server/retry.ts";
import { HiveCatalogError } from "./errors.ts";

type Verb = (...given: never[]) => Promise<unknown>;

/** The door of every call: refuses it once shut, and lets no error out but a HiveCatalogError. */
export class Door {
  readonly #timeoutMs: number | undefined;
  readonly #loop = new LoopBudget();
  #isShut = false;
  #running = 0;
  #onIdle: (() => void) | undefined;

  /** How long a call may take, if it has a deadline. */
  constructor(timeoutMs?: number) {
    this.#timeoutMs = timeoutMs;
  }

  call<Result>(work: () => Result | Promise<Result>): Promise<Result> {
    const inTurn = this.#loop.isSpent() ? () => turnOfTheLoop().then(work) : work;
    const timeoutMs = this.#timeoutMs;
    return this.enter(timeoutMs === undefined ? inTurn : () => withDeadline(timeoutMs, inTurn));
  }

  /** For calls that the event loop need not turn for, and that see to their own deadline. */
  async enter<Result>(work: () => Result | Promise<Result>): Promise<Result> {
    if (this.#isShut) throw new HiveCatalogError("CATALOG_CLOSED", "the catalog is closed");
    this.#running++;
    try {
      const result = work();
      return result instanceof Promise ? await result : result;
    } catch (error) {
      throw toCatalogError(error);
    } finally {
      this.#running--;
      if (this.#running === 0) this.#onIdle?.();
    }
  }

  /** Verbs of an object that is loaded at the first call of one of them: opening a catalog need not wait for it. */
  lazily<Name extends string, Of extends Record<Name, Verb>>(names: readonly Name[], load: () => Promise<Of>) {
    let loading: Promise<Of> | undefined;
    const verb =
      (name: Name) =>
      (...given: never[]) =>
        this.call(async () => {
          loading ??= load();
          const object = await loading;
          return object[name](...given);
        });
    return Object.fromEntries(names.map((name) => [name, verb(name)])) as Pick<Of, Name>;
  }

  shut(): void {
    this.#isShut = true;
  }

  /** Resolves when no call runs. */
  async idle(): Promise<void> {
    if (this.#running === 0) return;
    await new Promise<void>((resolve) => {
      this.#onIdle = resolve;
    });
  }
}
