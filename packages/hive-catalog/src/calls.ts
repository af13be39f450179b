import { setMaxListeners } from "node:events";
import { performance } from "node:perf_hooks";
import { inspect } from "node:util";
import type { CallClient, SqlClient } from "./drivers/client.ts";
import { toCatalogError } from "./drivers/errors.ts";
import { catalogClosed } from "./errors.ts";
import { after, cancel } from "./event-loop.ts";
import { checkOptions } from "./model/check.ts";
import type { CallOptions } from "./options.ts";

type Work<Result> = (client: CallClient) => Result | Promise<Result>;

/** How long requests to a server that does not answer hold up the end of a catalog, in ms. */
const GRACE_MS = 2000;

/** Every call of a catalog goes through here: it is counted, gets its deadline, and lets no error out but a HiveCatalogError. */
export class Calls {
  readonly #client: SqlClient;
  readonly #timeoutMs: number | undefined;
  #isShut = false;
  #running = 0;
  #onIdle: (() => void) | undefined;

  /** How long a call may take, if it has a deadline: one to a server. */
  constructor(client: SqlClient, timeoutMs?: number) {
    this.#client = client;
    this.#timeoutMs = timeoutMs;
  }

  /**
   * Runs `work` with a client whose requests end with this call. `options` may have the `known` ones. Rejects with the reason of their signal when
   * that comes first.
   */
  async run<Result, Options extends CallOptions>(
    work: Work<Result>,
    options?: Options,
    known: readonly (keyof Options & string)[] = SIGNAL_ALONE,
  ): Promise<Result> {
    if (this.#isShut) throw catalogClosed();
    const signal = options === undefined ? undefined : signalOf(options, known);
    signal?.throwIfAborted();
    const result = this.#counted(work, signal);
    return await (signal === undefined ? result : unlessAborted(result, signal));
  }

  /** Refuses calls from now on, and resolves when none runs any more. */
  async shut(): Promise<void> {
    this.#isShut = true;
    if (this.#running === 0) return;
    // What still runs then ends with its client.
    const timer = this.#timeoutMs === undefined ? undefined : after(() => this.#client.close(), GRACE_MS);
    await new Promise<void>((resolve) => {
      this.#onIdle = resolve;
    });
    cancel(timer);
  }

  async #counted<Result>(work: Work<Result>, signal: AbortSignal | undefined): Promise<Result> {
    this.#running++;
    try {
      return await work(this.#clientFor(signal));
    } catch (error) {
      throw signal?.aborted && error === signal.reason ? error : toCatalogError(error);
    } finally {
      this.#running--;
      if (this.#running === 0) this.#onIdle?.();
    }
  }

  #clientFor(signal: AbortSignal | undefined): CallClient {
    const client = this.#client;
    if (this.#timeoutMs === undefined && signal === undefined) return client;
    const deadlineMs = this.#timeoutMs === undefined ? undefined : performance.now() + this.#timeoutMs;
    const request = { deadlineMs, signal };
    return {
      execute: (statement, options) => client.execute(statement, { ...request, ...options }),
      first: (statement, options) => client.first(statement, { ...request, ...options }),
      batch: (statements, options) => client.batch(statements, { ...request, ...options }),
      checkWritable: (options) => client.checkWritable({ ...request, ...options }),
    };
  }
}

const SIGNAL_ALONE = ["signal"] as const;

/** Whatever options do when they are read is a rejection of the call. */
function signalOf<Options extends CallOptions>(options: Options, known: readonly (keyof Options & string)[]) {
  try {
    checkOptions(options, known);
    return options.signal;
  } catch (error) {
    throw toCatalogError(error);
  }
}

async function unlessAborted<Result>(result: Promise<Result>, signal: AbortSignal): Promise<Result> {
  // Many calls may share one.
  setMaxListeners(0, signal);
  return await new Promise<Result>((resolve, reject) => {
    const leave = () => reject(signal.reason);
    signal.addEventListener("abort", leave, { once: true });
    result.then(resolve, reject).finally(() => signal.removeEventListener("abort", leave));
  });
}

/** Tells an observer, who may be an async function: what he throws must not take along what he is told of. */
export function tell<Value>(observer: ((value: Value) => unknown) | undefined, value: Value): void {
  try {
    const told = observer?.(value);
    if (told instanceof Promise) told.catch(warn);
  } catch (error) {
    warn(error);
  }
}

/** Anything can be thrown, also what makes no text of itself. */
function warn(error: unknown): void {
  process.emitWarning(error instanceof Error ? error : inspect(error));
}
